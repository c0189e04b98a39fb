// Reads [{uri, at}] and tells what otplib and otpauth read in each URI, and the code that they make: of the second `at`,
// or of the counter in the URI.

import { parse } from "@otplib/uri";
import * as OTPAuth from "otpauth";
import { createGuardrails, generateSync } from "otplib";

// By default otplib refuses secrets of less than 128 bits and periods of more than an hour.
const guardrails = createGuardrails({ MIN_SECRET_BYTES: 1, MAX_SECRET_BYTES: 256, MIN_PERIOD: 1, MAX_PERIOD: 86400 });

function ofOtplib(uri, at) {
  const { type, label, params } = parse(uri);
  const code = generateSync({ ...params, strategy: type, epoch: at, guardrails });
  const name = params.issuer === undefined ? label : label.slice(label.indexOf(":") + 1);
  return { type, name, issuer: params.issuer ?? null, code };
}

function ofOtpauth(uri, at) {
  const codes = OTPAuth.URI.parse(uri);
  const isTotp = codes instanceof OTPAuth.TOTP;
  const code = codes.generate(isTotp ? { timestamp: at * 1000 } : { counter: codes.counter });
  return { type: isTotp ? "totp" : "hotp", name: codes.label, issuer: codes.issuer || null, code };
}

function outcome(read, { uri, at }) {
  try {
    return read(uri, at);
  } catch (error) {
    return { error: String(error) };
  }
}

let input = "";
for await (const piece of process.stdin) input += piece;
const read = JSON.parse(input).map((asked) => ({
  otplib: outcome(ofOtplib, asked),
  otpauth: outcome(ofOtpauth, asked),
}));
console.log(JSON.stringify(read));
