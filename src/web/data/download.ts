import type { Failure } from "./failure.ts";

/** A download that the server refused. */
export class DownloadError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.code);
    this.failure = failure;
  }
}

/** Downloads all that is stored of the person, into the browser's downloads. @throws DownloadError */
export async function downloadExport(): Promise<void> {
  const answer = await fetch("/user/account/export").catch(() => undefined);
  if (answer?.ok !== true) throw new DownloadError(await failureIn(answer));
  const [, name = "tollfree.json"] =
    /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "") ?? [];
  // A file that breaks off is refused here, and never saved.
  const file = await answer.blob().catch(() => undefined);
  if (file === undefined) throw new DownloadError(await failureIn(undefined));
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

async function failureIn(answer: Response | undefined): Promise<Failure> {
  const body = (await answer?.json().catch(() => undefined)) as
    { error_code?: Failure["code"]; retry_after_seconds?: number } | undefined;
  return {
    ...{ code: body?.error_code ?? "unreachable", fields: [], problems: [], probe: undefined },
    retryAfterSeconds: body?.retry_after_seconds,
  };
}
