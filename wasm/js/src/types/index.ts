export type * from "./otp.js";
export type * from "./password.js";
export type * from "./sealed.js";
export type * from "./signing.js";
export type * from "./vault.js";
