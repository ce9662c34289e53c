/**
 * Every route of the API, of both listeners.
 *
 * How to add a route:
 * 1. Write it with `defineRoute({…})` in `routes/<area>.ts` (see `peers.ts` for a small one): path as OpenAPI writes it,
 *    `operationId`, summary, `access` (`open`, `any-key`, or the scopes of which a key needs one), shapes of params, query,
 *    headers and JSON body, each answer, and the codes it can fail with. Shapes live in `schemas/<area>.ts`; one with
 *    `.meta({ id: 'Name' })` becomes a component of the OpenAPI file. `listener: 'operator'` puts it on the other listener.
 * 2. Export the area's routes as one list and put that into {@link ROUTES} here.
 * 3. The handler gets what passed the shapes, whose key it is (`principal`), whose bills it may show (`viewer`), a `signal`,
 *    and the node; it returns the JSON answer, or calls `reply.send` and returns the reply. Failures are thrown as
 *    `CodedError`; the status of every code is in `problem.ts`, a new `ERR_API_…` is declared in `api-error.ts`.
 * 4. What a route needs of the node beside `NodeView`'s methods is an interface in `views/`, a readonly property of `NodeView`,
 *    composed in `node/`, and faked by one line of `test/support/fake-node.ts`.
 * 5. Tests serve the API by `startApi` of `test/support/api-server.ts`.
 * 6. `npm run api:build` writes `openapi.json` and `openapi-operator.json` anew; a test holds them to the routes.
 */
import type { Route } from '../route.ts'
import { ownAccountRoutes } from './account.ts'
import { operatorRoutes } from './accounts.ts'
import { billRoutes } from './bills.ts'
import { discloseRoutes } from './disclose.ts'
import { eventRoutes } from './events.ts'
import { figureRoutes } from './figures.ts'
import { fileRoutes } from './files.ts'
import { gatewayRoutes } from './gateway.ts'
import { healthRoutes } from './health.ts'
import { peerRoutes } from './peers.ts'
import { regionRoutes } from './regions.ts'
import { reviewRoutes } from './reviews.ts'
import { statusRoutes } from './status.ts'
import { submitRoutes } from './submit-bill.ts'
import { webhookRoutes } from './webhooks.ts'

/** Every route, in the order of the documentation. */
export const ROUTES: readonly Route[] = [
  ...submitRoutes,
  ...billRoutes,
  ...discloseRoutes,
  ...fileRoutes,
  ...gatewayRoutes,
  ...eventRoutes,
  ...webhookRoutes,
  ...figureRoutes,
  ...regionRoutes,
  ...reviewRoutes,
  ...peerRoutes,
  ...ownAccountRoutes,
  ...operatorRoutes,
  ...healthRoutes,
  ...statusRoutes,
]

/** Routes of a listener. */
export function routesOf(kind: 'public' | 'operator', { gateway }: { readonly gateway: boolean }): Route[] {
  const routes = ROUTES.filter(({ listener = 'public' }) => listener === kind || listener === 'both')
  return gateway ? routes : routes.filter((route) => !gatewayRoutes.includes(route))
}
