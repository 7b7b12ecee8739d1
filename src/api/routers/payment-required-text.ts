/** The part of an operation's description that says how a caller gets the payment terms of x402. */
export const PAYMENT_REQUIRED_TEXT =
  "Without a payment it answers 402 with the terms: those of x402 v2 in the PAYMENT-REQUIRED header, of v1 in the body.";
