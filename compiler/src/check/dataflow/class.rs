//! How private data is, by the name of its field: the one table of well-known names.
//!
//! Comes in: the words of a path (`customer.email_address` is `customer email address`). Goes out: its [`Kind`], or nothing.
//! Always true: `docs/audit.md` lists exactly this table (a test compares them). A name that could as well be
//! something harmless is not in it: a false alarm is as bad as a miss, and a schema can say `x-private`.

use super::words::is_word;

/// How much harm it does in the wrong hands. What stands later is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    Plain,
    /// Says something about a person: a name, an address.
    Personal,
    /// Does harm in the wrong hands: a card number, a password, health data.
    Sensitive,
    /// A credential of the workflow itself: a secret variable.
    Secret,
}

impl Class {
    pub fn word(self) -> &'static str {
        match self {
            Class::Plain => "plain",
            Class::Personal => "personal",
            Class::Sensitive => "sensitive",
            Class::Secret => "secret",
        }
    }
}

/// What kind of service has a use for sensitive data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    Payment,
    Login,
    Identity,
    Health,
    /// Nobody can tell by the name.
    Any,
}

/// One row of the table.
#[derive(Debug)]
pub struct Kind {
    pub class: Class,
    /// As in "a card number".
    pub title: &'static str,
    pub purpose: Purpose,
    /// Whether four of its characters say little: not so of a value that has only three.
    pub maskable: bool,
    /// Whether whoever has to get back to somebody needs it: a mail to the team may name it.
    pub contact: bool,
    /// Spellings, as words with spaces between them. `=pan`: only when the whole field is called so.
    pub names: &'static [&'static str],
}

/// The first row that fits decides; sensitive rows stand first.
pub static KINDS: &[Kind] = &[
    Kind {
        class: Class::Sensitive,
        title: "a card's security code",
        purpose: Purpose::Payment,
        maskable: false,
        contact: false,
        names: &["cvv", "cvc", "cav", "security code", "card code", "card pin", "=csc"],
    },
    Kind {
        class: Class::Sensitive,
        title: "a card number",
        purpose: Purpose::Payment,
        maskable: true,
        contact: false,
        names: &["card number", "card no", "credit card", "debit card", "payment card", "=card", "=pan", "=card data"],
    },
    Kind {
        class: Class::Sensitive,
        title: "a card's expiry date",
        purpose: Purpose::Payment,
        maskable: false,
        contact: false,
        names: &["card expiry", "card expiration", "card exp", "exp month", "exp year"],
    },
    Kind {
        class: Class::Sensitive,
        title: "a means of payment",
        purpose: Purpose::Payment,
        maskable: true,
        contact: false,
        names: &[
            "payment method",
            "payment details",
            "payment info",
            "payment information",
            "payment instrument",
            "payment data",
            "payment source",
            "payment token",
            "card token",
        ],
    },
    Kind {
        class: Class::Sensitive,
        title: "a bank account",
        purpose: Purpose::Payment,
        maskable: true,
        contact: false,
        names: &["iban", "bank account", "bank details", "routing number", "sort code"],
    },
    Kind {
        class: Class::Sensitive,
        title: "a credential",
        purpose: Purpose::Login,
        maskable: false,
        contact: false,
        names: &[
            "password",
            "passwd",
            "passphrase",
            "pin code",
            "=pin",
            "=otp",
            "one time password",
            "client secret",
            "private key",
            "api key",
            "access token",
            "refresh token",
            "auth token",
            "session token",
            "bearer token",
        ],
    },
    Kind {
        class: Class::Sensitive,
        title: "an official identity number",
        purpose: Purpose::Identity,
        maskable: true,
        contact: false,
        names: &[
            "ssn",
            "social security",
            "national id",
            "national insurance",
            "passport",
            "driver license",
            "drivers license",
            "driver licence",
            "driving licence",
            "driving license",
            "identity card",
            "id card",
        ],
    },
    Kind {
        class: Class::Sensitive,
        title: "a special category of personal data",
        purpose: Purpose::Health,
        maskable: false,
        contact: false,
        names: &[
            "medical",
            "blood type",
            "health record",
            "health data",
            "ethnicity",
            "religion",
            "sexual orientation",
            "biometric",
            "genetic",
        ],
    },
    Kind {
        class: Class::Personal,
        title: "an e-mail address",
        purpose: Purpose::Any,
        maskable: true,
        contact: true,
        names: &["email", "e mail"],
    },
    Kind {
        class: Class::Personal,
        title: "a phone number",
        purpose: Purpose::Any,
        maskable: true,
        contact: true,
        names: &["phone", "telephone", "mobile number", "=mobile", "cell number", "fax"],
    },
    Kind {
        class: Class::Personal,
        title: "an address",
        purpose: Purpose::Any,
        maskable: true,
        contact: false,
        names: &["address", "street", "house number"],
    },
    Kind {
        class: Class::Personal,
        title: "a person's name",
        purpose: Purpose::Any,
        maskable: true,
        contact: true,
        names: &[
            "first name",
            "last name",
            "middle name",
            "full name",
            "family name",
            "given name",
            "maiden name",
            "surname",
            "customer name",
            "client name",
            "recipient name",
            "contact name",
            "buyer name",
            "employee name",
            "patient name",
            "guest name",
            "member name",
            "passenger name",
            "person name",
            "subscriber name",
            "applicant name",
            "candidate name",
            "cardholder",
            "card holder",
            "account holder",
        ],
    },
    Kind {
        class: Class::Personal,
        title: "a date of birth",
        purpose: Purpose::Any,
        maskable: true,
        contact: false,
        names: &["birth date", "birthdate", "date of birth", "birthday", "=dob"],
    },
    Kind {
        class: Class::Personal,
        title: "a trait of a person",
        purpose: Purpose::Any,
        maskable: false,
        contact: false,
        names: &["gender", "nationality", "marital status"],
    },
];

/// Marked by a schema, and the table knows nothing nearer.
pub static MARKED_SENSITIVE: Kind = Kind {
    class: Class::Sensitive,
    title: "marked `x-private: sensitive`",
    purpose: Purpose::Any,
    maskable: false,
    contact: false,
    names: &[],
};

/// Marked by a schema, and the table knows nothing nearer.
pub static MARKED_PERSONAL: Kind = Kind {
    class: Class::Personal,
    title: "marked `x-private: personal`",
    purpose: Purpose::Any,
    maskable: false,
    contact: false,
    names: &[],
};

/// A field that ends so says something about private data, or is the harmless part of it: `email_verified`,
/// `payment_method_id`, `card.brand`, `shipping_address.country`.
pub static HARMLESS_ENDS: &[&str] = &[
    "id",
    "type",
    "kind",
    "brand",
    "model",
    "manufacturer",
    "status",
    "count",
    "length",
    "valid",
    "verified",
    "validated",
    "confirmed",
    "sent",
    "enabled",
    "required",
    "template",
    "hash",
    "hashed",
    "masked",
    "redacted",
    "last4",
    "last four",
    "last digits",
    "fingerprint",
    "country",
    "country code",
    "currency",
    "city",
    "state",
    "region",
    "zip",
    "zip code",
    "postcode",
    "postal code",
    "language",
    "locale",
    "changed",
    "updated",
    "expired",
    "at",
    "url",
    "link",
    "uri",
    "subject",
    "body",
    "text",
    "content",
    "html",
    "message",
    "campaign",
    "provider",
    "domain",
    "settings",
    "preference",
    "preferences",
    "policy",
    "consent",
];

/// A field that begins so answers yes or no: `has_email`, `is_address_valid`.
pub static HARMLESS_STARTS: &[&str] =
    &["is", "has", "needs", "requires", "require", "accepts", "wants", "send", "skip", "use", "enable", "can", "no"];

/// What stands in front of a name of the table and makes it nobody's: `server_address`, the `full_name` of a repository,
/// the name of a product family.
static NOBODYS: &[(&str, &[&str])] = &[
    ("address", &["server", "host", "web", "contract", "memory", "mac", "base", "listen", "bind"]),
    ("full name", THINGS),
    ("family name", THINGS),
];

/// What has a name and is no person.
static THINGS: &[&str] = &[
    "repository",
    "repo",
    "organization",
    "organisation",
    "org",
    "project",
    "team",
    "product",
    "package",
    "company",
    "department",
    "workspace",
    "branch",
    "category",
    "file",
    "font",
    "image",
    "module",
];

/// What follows a name of the table and makes something else of it: `street_view_zoom`, `phone_case`.
static OTHERS: &[(&str, &[&str])] =
    &[("street", &["view", "light", "lamp", "food", "art"]), ("phone", &["case", "charger", "screen", "os"])];

/// What a path means: `before` are the words of the path up to its last step, `name` those of the last step.
pub fn of_words(before: &[String], name: &[String]) -> Option<&'static Kind> {
    if name.is_empty() || is_harmless(name) {
        return None;
    }
    // Enough of the path for the longest name in the table.
    let near = &before[before.len().saturating_sub(2)..];
    let path: Vec<&str> = near.iter().chain(name).map(String::as_str).collect();
    KINDS.iter().find(|kind| kind.names.iter().any(|known| is_named(&path, name.len(), known)))
}

/// The row that has this name.
pub fn named(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.names.contains(&name))
}

/// Whether the last step of a path is harmless, whatever the path leads through.
pub fn is_harmless(name: &[String]) -> bool {
    let ends = |end: &&str| {
        let end: Vec<&str> = end.split(' ').collect();
        name.len() >= end.len() && name[name.len() - end.len()..].iter().zip(&end).all(|(word, end)| word == end)
    };
    // `identity card` does not become harmless by its `id`, nor `national id`.
    let named = || KINDS.iter().flat_map(|kind| kind.names).any(|known| is_whole(name, known));
    let starts = name.len() > 1 && HARMLESS_STARTS.contains(&name[0].as_str());
    starts || (HARMLESS_ENDS.iter().any(ends) && !named())
}

/// Whether a name is exactly one of the table.
fn is_whole(name: &[String], known: &str) -> bool {
    let known = known.trim_start_matches('=');
    known.split(' ').count() == name.len() && known.split(' ').zip(name).all(|(known, word)| is_word(word, known))
}

/// Whether the words of `known` stand side by side in the path, and the last of them in its last step.
fn is_named(path: &[&str], last_step: usize, known: &str) -> bool {
    if let Some(exact) = known.strip_prefix('=') {
        let name = &path[path.len() - last_step..];
        return exact.split(' ').count() == name.len()
            && exact.split(' ').zip(name).all(|(known, word)| is_word(word, known));
    }
    let words: Vec<&str> = known.split(' ').collect();
    let first_end = path.len() - last_step;
    let found = |start: usize| {
        let end = start + words.len();
        end > first_end
            && end <= path.len()
            && path[start..end].iter().zip(&words).all(|(word, known)| is_word(word, known))
            && !is_beside(NOBODYS, known, start.checked_sub(1).map(|before| path[before]))
            && !is_beside(OTHERS, known, path.get(end).copied())
    };
    // `cardnumber` in one word.
    let joined = || words.len() > 1 && path[first_end..].iter().any(|word| is_joined(word, &words));
    (0..path.len()).any(found) || joined()
}

/// Whether this word stands in the table beside a name.
fn is_beside(table: &[(&str, &[&str])], known: &str, word: Option<&str>) -> bool {
    let stands = |(name, beside): &(&str, &[&str])| {
        *name == known && beside.iter().any(|other| word.is_some_and(|word| is_word(word, other)))
    };
    table.iter().any(stands)
}

fn is_joined(word: &str, known: &[&str]) -> bool {
    let mut rest = word;
    for part in known {
        match rest.strip_prefix(part) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    matches!(rest, "" | "s")
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    fn title(path: &str) -> Option<&'static str> {
        let mut steps: Vec<Vec<String>> = path.split('.').map(words).collect();
        let name = steps.pop().unwrap_or_default();
        of_words(&steps.concat(), &name).map(|kind| kind.title)
    }

    #[test]
    fn private_names_are_known() {
        for (path, expected) in [
            ("payment_method", "a means of payment"),
            ("payment.method", "a means of payment"),
            ("paymentMethod", "a means of payment"),
            ("card_number", "a card number"),
            ("cardNumber", "a card number"),
            ("cardnumber", "a card number"),
            ("card.number", "a card number"),
            ("card", "a card number"),
            ("cvv2", "a card's security code"),
            ("card.cvc", "a card's security code"),
            ("iban", "a bank account"),
            ("IBAN", "a bank account"),
            ("ssn", "an official identity number"),
            ("national_id", "an official identity number"),
            ("new_password", "a credential"),
            ("customer_email", "an e-mail address"),
            ("customer.email", "an e-mail address"),
            ("emails", "an e-mail address"),
            ("emailAddress", "an e-mail address"),
            ("shipping_address", "an address"),
            ("shipping.address", "an address"),
            ("ip_address", "an address"),
            ("address_line_2", "an address"),
            ("customer_name", "a person's name"),
            ("customer.name", "a person's name"),
            ("firstName", "a person's name"),
            ("firstname", "a person's name"),
            ("date_of_birth", "a date of birth"),
            ("dob", "a date of birth"),
            ("phone", "a phone number"),
            ("phoneNumber", "a phone number"),
            ("repository.owner.full_name", "a person's name"),
            ("team.members.full_name", "a person's name"),
            ("package.recipient_name", "a person's name"),
            ("home_phone_extension", "a phone number"),
            ("street_name", "an address"),
        ] {
            assert_eq!(title(path), Some(expected), "{path}");
        }
    }

    #[test]
    fn harmless_names_are_quiet() {
        for path in [
            "order_id",
            "items",
            "name",
            "product_name",
            "product.name",
            "total_amount",
            "currency",
            "status",
            "payment_method_id",
            "payment_method_type",
            "payment_method.type",
            "payment_status",
            "payment_id",
            "card_last4",
            "card.brand",
            "gift_card",
            "scorecard",
            "company",
            "expand",
            "panel",
            "japan",
            "pinned",
            "email_verified",
            "email_sent",
            "send_email",
            "has_email",
            "email_template",
            "address_id",
            "is_address_valid",
            "server_address",
            "shipping_address.country",
            "shipping_address.city",
            "shipping_address.zip",
            "shipping_method",
            "token",
            "next_page_token",
            "key",
            "keyboard",
            "idempotency_key",
            "account_id",
            "tracking_number",
            "transaction_id",
            "number",
            "method",
            "street_count",
            "phone_type",
            "username",
            "filename",
            "host_name",
            "item.name",
            "email_id",
            "repository.full_name",
            "repositories.full_name",
            "repo_full_name",
            "organization.full_name",
            "product_family_name",
            "phone_model",
            "phone.model",
            "phone_case",
            "street_view",
            "street_view_zoom",
            "streetView.zoom",
        ] {
            assert_eq!(title(path), None, "{path}");
        }
    }

    #[test]
    fn no_name_stands_twice() {
        let mut names: Vec<&str> = KINDS.iter().flat_map(|kind| kind.names).copied().collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
