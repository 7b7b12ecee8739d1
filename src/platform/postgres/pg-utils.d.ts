// A part of `pg` that its types leave out.
declare module "pg/lib/utils.js" {
  /** The text or bytes by which a value is sent. */
  export const prepareValue: (value: unknown) => string | Buffer | null;
}
