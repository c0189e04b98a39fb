export type * from "./otp.js";
export type * from "./password.js";
export type * from "./vault.js";
