"""The interfaces of other libraries on top of strongroom, so that moving over is one changed import.

`strongroom.compat.passlib` has `CryptContext`, `strongroom.compat.argon2` has argon2-cffi's `PasswordHasher`,
`strongroom.compat.pyotp` has pyotp's one-time codes, and `strongroom.compat.fernet` has cryptography's Fernet tokens.
"""
