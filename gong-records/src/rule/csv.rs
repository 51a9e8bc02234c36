//! The pages of the rules for CSV files, which a mapping converts to lines.

use super::explanation::{Evidence, Explanation, Sample};

pub(super) const ROW: Explanation = Explanation::new(
    Evidence::Inferred,
    "RFC 4180: each line should contain the same number of fields",
    "A row with too many or too few cells has a delimiter or a line break in a cell without \
     quotes, so every cell after it is in the wrong column. A quote that is never closed includes \
     the rest of the file.",
    Sample::Words("under the header `Id;Name;City`, the row `a-1;Smith; Sons;Leeds`"),
    Sample::Words("under the same header, the row `a-1;\"Smith; Sons\";Leeds`"),
);

pub(super) const CELL: Explanation = Explanation::new(
    Evidence::Inferred,
    "the mapping, which defines the format of dates, numbers and words",
    "The value of a date, number or word in another format than the mapping defines is unclear: \
     12.5 with `thousands = \".\"` might be 125 or 12.5. Correct the cell, or the format in the \
     mapping.",
    Sample::Words("the cell `12.5` under a mapping with `decimal = \",\"` and `thousands = \".\"`"),
    Sample::Words("the cell `12,5` under the same mapping"),
);

pub(super) const NOTATION: Explanation = Explanation::new(
    Evidence::Inferred,
    "the mapping, which defines the format of dates and numbers",
    "An export of another locale has another order of day and month, or other signs in numbers. Most \
     of its cells can be read in both ways, with other values. Therefore nothing of the file is used \
     if some cells of a column fit the other notation alone, and none fits that of the mapping alone; \
     or if three digits follow the decimal sign in amounts, as they follow the sign of thousands, in each \
     cell, or in some while others have two.",
    Sample::Words("the dates `01/02/2026` and `01/13/2026` under `dates = \"%d/%m/%Y\"`"),
    Sample::Words("the same dates under `dates = \"%m/%d/%Y\"`"),
);

pub(super) const LOOKUP: Explanation = Explanation::new(
    Evidence::Inferred,
    "the mapping, which names the file for lookups",
    "A name that is not in the file, or has two values, does not identify a record. A guess could \
     link the record to the wrong one.",
    Sample::Words(
        "the owner `Ann` where users.csv has no row with that name, or two with different addresses",
    ),
    Sample::Words("the owner `Ann` where users.csv has one row with that name"),
);

pub(super) const OPEN_QUESTION: Explanation = Explanation::new(
    Evidence::Inferred,
    "the mapping, which has an open question",
    "The draft of a mapping asks a question if the export does not say what a word or a column \
     means. Until it is answered, records could get a wrong value, which is worse than no value.",
    Sample::Words(
        "`todo = \"Which column holds the close date?\"`, or `values = { \"Parked\" = \"?\" }`",
    ),
    Sample::Words("`closeDate = \"Expected\"`, and `values = { \"Parked\" = \"OPEN\" }`"),
);

pub(super) const MANGLED_ID: Explanation = Explanation::new(
    Evidence::Inferred,
    "spreadsheets keep 15 digits of a number",
    "A spreadsheet that opens a CSV turns long ids into numbers, and writes them back rounded or \
     with an exponent. Different records then have the same id, and one overwrites the other.",
    Sample::Words("the id `1.23E+15`, or ids such as `1582917533873850000` that all end in zeros"),
    Sample::Words("the id `1582917533873851234`"),
);

pub(super) const ID_COLLISION: Explanation = Explanation::new(
    Evidence::Inferred,
    "the mapping, which cleans ids",
    "If different ids or names become the same id, one record overwrites the other.",
    Sample::Words("`Closed Won` and `Closed – Won`, which both become `closed-won`"),
    Sample::Words("`values = { \"Closed – Won\" = \"closed-won-2\" }`"),
);

pub(super) const LEADING_ZERO: Explanation = Explanation::new(
    Evidence::Inferred,
    "JSON, whose numbers have no leading zeros",
    "Postcodes, phone extensions and tax numbers look like numbers but are not: as numbers they \
     lose their leading zeros.",
    Sample::Words("the cell `02134` in a field of type NUMBER"),
    Sample::Words("the cell `02134` in a field of type STRING"),
);

pub(super) const MANGLED_NUMBER: Explanation = Explanation::new(
    Evidence::Inferred,
    "spreadsheets write long numbers with an exponent, and mark texts with an apostrophe",
    "Gong finds the contact of a phone call by the number. A rounded number, or one with an \
     apostrophe before it, matches no call.",
    Sample::Words("the phone number `4.93E+11`, or `'+49 30 1234567`"),
    Sample::Words("the phone number `+49 30 1234567`"),
);

pub(super) const GARBLED_TEXT: Explanation = Explanation::new(
    Evidence::Inferred,
    "UTF-8 that is read as Windows-1252 has two or three letters for each letter outside ASCII",
    "A program between the CRM and the export has read text in the wrong encoding, or has written it \
     for a web page. Gong shows the names as they are, and finds nobody by them.",
    Sample::Words("the name `MÃ¼ller &amp; SÃ¶hne`"),
    Sample::Words("the name `Müller & Söhne`"),
);

pub(super) const OTHER_CURRENCY: Explanation = Explanation::new(
    Evidence::Documented,
    "Gong's overview: an amount is in the company's currency; convert it before",
    "Gong knows one currency. It would treat an amount in another currency as if it were in that currency.",
    Sample::Words("a deal in USD under `only-currency = { in = \"Currency\", is = \"EUR\" }`"),
    Sample::Words("a deal in EUR under the same mapping"),
);

pub(super) const EMPTY_COLUMN: Explanation = Explanation::new(
    Evidence::Inferred,
    "the mapping, which names a path",
    "JSON records omit empty fields, so a misspelled path looks like a field that is always \
     empty.",
    Sample::Words("`from = \"org_id.vlaue\"`, where all records have `org_id.value`"),
    Sample::Words("`from = \"org_id.value\"`"),
);

pub(super) const DOMAIN_FORMAT: Explanation = Explanation::new(
    Evidence::Inferred,
    "Gong's overview: domains are used to match activities to accounts",
    "Gong compares the domain of a participant's address with those of the account. A link, an \
     address or a list in one string matches nothing; a public mail service matches everybody.",
    Sample::Words(
        "`domains = \"Website\"` over the cell `https://www.acme.example/en` or `gmail.com`",
    ),
    Sample::Words("`domains = { from = \"Website\", domain = true }` over the same cells"),
);
