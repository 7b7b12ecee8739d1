/** Receives one line at a time, written for a person. The sandbox never logs keys or passwords. */
export type Log = (line: string) => void;
