import type { DialogProps } from "./dialog.tsx";
import { Dialog } from "./dialog.tsx";

/** A question before something is stopped or removed. */
export const Confirm = (props: Omit<DialogProps, "tone" | "children">) => (
  <Dialog {...props} tone={{ trigger: "stop", yes: "stop-solid" }} />
);
