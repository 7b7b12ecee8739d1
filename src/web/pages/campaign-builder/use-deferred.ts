import { useEffect, useState } from "react";

/** How long nothing has to be typed before something is asked of the server. */
const QUIET_MS = 500;

/** A value once it has stayed the same for a moment. */
export function useDeferred<Value>(value: Value): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), QUIET_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
