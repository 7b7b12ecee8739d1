export { countViolation } from "./count-violation.ts";
export { liftSuspension, resumeAgent, resumeSession } from "./resume-session.ts";
export { ResumeAgentInput, ResumeAgentOutput, ResumeSessionInput, ResumeSessionOutput } from "./schema.ts";
