/** Takes one line of text for a person. The sandbox never logs keys or passwords. */
export type Log = (line: string) => void;
