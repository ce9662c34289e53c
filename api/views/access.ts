/** Who asks: the account of an API key. What `all` may see is not limited to one account (scope `admin`). */
export type Viewer = { readonly account: string; readonly all: boolean }

/** The public: what needs no key. */
export const PUBLIC: Viewer = { account: '', all: false }
