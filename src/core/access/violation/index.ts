export { countViolation } from "./count-violation.ts";
export { refuseScope } from "./refuse-scope.ts";
export { resumeSession } from "./resume-session.ts";
export { ResumeSessionInput, ResumeSessionOutput } from "./schema.ts";
