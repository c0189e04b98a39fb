"""One-time codes, and what stands around them.

`Totp` and `Hotp` make and verify codes; the codes of an entry are `vault["broker/login"].totp`. `Account`,
`read_migration` and `write_migration` move them from and to a phone, `qr_svg` and `qr_terminal` draw them. Recovery
codes are for users who lose the phone, `DeliveredCodes` for codes sent by SMS or e-mail.
"""

from strongroom._strongroom import (
    Account,
    DeliveredCodes,
    Hotp,
    SealedTotp,
    Totp,
    generate_recovery_codes,
    qr_svg,
    qr_terminal,
    read_migration,
    verify_recovery_code,
    write_migration,
)

__all__ = [
    "Account",
    "DeliveredCodes",
    "Hotp",
    "SealedTotp",
    "Totp",
    "generate_recovery_codes",
    "qr_svg",
    "qr_terminal",
    "read_migration",
    "verify_recovery_code",
    "write_migration",
]
