import { TollfreeError } from "./errors.ts";
import { aborting } from "./procedures.ts";
import type { RunContext } from "./run.ts";
import { withApprovals } from "./run.ts";
import type { Plan, RunRequest, Scopes } from "./types.ts";
