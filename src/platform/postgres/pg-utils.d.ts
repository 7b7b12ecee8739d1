// A part of `pg` that its types leave out.
declare module "pg/lib/utils.js" {
  const utils: {
    /** The text or bytes by which a value is sent. */
    prepareValue(this: void, value: unknown): string | Buffer | null;
  };
  export default utils;
}
