/**
 * A mistake in how an installation is set up, which its operator can mend. The message is one line: the variable,
 * what was found, and what to do. It holds no secrets: no passwords, and of URLs only the origin.
 */
export class SetupProblem extends Error {
  override readonly name = "SetupProblem";
  /** The variable to change. */
  readonly setting: string;

  /**
   * @param found what is wrong, without a full stop
   * @param advice what to do, without a full stop
   */
  constructor(setting: string, found: string, advice: string, options?: ErrorOptions) {
    super(`${setting}: ${found}. ${advice}.`.replace(/\s+/g, " "), options);
    this.setting = setting;
  }
}
