/** Why a signature does not hold, or cannot be checked; becomes a refusal that names its place. Never leaves `audit/`. */
export class SignatureError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SignatureError'
  }
}
