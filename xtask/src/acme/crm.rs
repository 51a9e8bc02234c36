//! Who are the companies and people of the CRM, before any record about them is written?

use super::dice::{Dice, nth};
use super::names::{self, COMPANY_STEMS, COUNTRIES, Country, FAMILY_NAMES, Name, TRADES};
use super::relations::{ACCOUNTS, Relations, USERS};

/// The made-up CRM, from which any record can be made on its own.
pub(super) struct Crm {
    pub(super) seed: u64,
    pub(super) relations: Relations,
    countries: Vec<Country>,
    /// Which company name each account of a block gets.
    company_names: Vec<u64>,
    /// The same for the small firms that leads work for.
    firm_names: Vec<u64>,
}

/// A company that buys, or may buy, scheduling software.
pub(super) struct Company<'crm> {
    pub(super) name: String,
    pub(super) domain: String,
    pub(super) country: &'crm Country,
}

/// A person at a company.
pub(super) struct Person {
    pub(super) first_name: &'static str,
    pub(super) last_name: &'static str,
    pub(super) email_address: String,
    pub(super) phone_number: Option<String>,
    pub(super) title: &'static str,
    pub(super) department: &'static str,
}

/// Acme's own people, as in their email addresses.
const USER_NAMES: [&str; 20] = [
    "anna.kowalska",
    "ben.okonkwo",
    "chiara.rossi",
    "dmitri.petrov",
    "elif.yildiz",
    "felix.brandt",
    "grace.liu",
    "hugo.lefebvre",
    "ines.carvalho",
    "jonas.lindqvist",
    "keiko.mori",
    "liam.oconnor",
    "maria.papadaki",
    "noah.williams",
    "olga.novakova",
    "pedro.ibanez",
    "quinn.taylor",
    "rosa.martinez",
    "samir.haddad",
    "tessa.vandijk",
];

/// Job titles with the department they belong to.
const TITLES: [(&str, &str); 12] = [
    ("Head of Production Planning", "Planning"),
    ("Production Planner", "Planning"),
    ("Shift Supervisor", "Production"),
    ("COO", "Executive"),
    ("Managing Director", "Executive"),
    ("Maintenance Manager", "Maintenance"),
    ("IT Manager, MES & ERP", "IT"),
    ("MES Architect", "IT"),
    ("Strategic Buyer", "Purchasing"),
    ("Purchasing Manager", "Purchasing"),
    ("VP Supply Chain", "Executive"),
    ("Lean Coach", "Production"),
];

impl Crm {
    pub(super) fn new(scale: u32, seed: u64) -> Self {
        Self {
            seed,
            relations: Relations::new(scale),
            countries: names::countries(),
            company_names: Dice::new(seed, "company names", 0)
                .shuffled(COUNTRIES * COMPANY_STEMS * TRADES),
            firm_names: Dice::new(seed, "firm names", 0)
                .shuffled(COUNTRIES * FAMILY_NAMES * TRADES),
        }
    }

    pub(super) fn dice(&self, stream: &str, index: u64) -> Dice {
        Dice::new(self.seed, stream, index)
    }

    /// A user's objectId, readable so that an owner can be told at a glance.
    pub(super) fn user_id(user: u64) -> String {
        let name = nth(&USER_NAMES, user).replace('.', "-");
        numbered(name, "-", user / USERS)
    }

    pub(super) fn user_email_address(user: u64) -> String {
        let name = numbered(nth(&USER_NAMES, user).to_string(), "", user / USERS);
        format!("{name}@acme.example")
    }

    /// The user who looks after an account.
    pub(super) fn account_owner(&self, account: u64) -> u64 {
        self.live_user(&mut self.dice("account owner", account))
    }

    /// Any user who still works at Acme.
    pub(super) fn live_user(&self, dice: &mut Dice) -> u64 {
        let user = dice.below(self.relations.users());
        if Relations::user_is_deleted(user) {
            user - 1
        } else {
            user
        }
    }

    /// The company behind an account. Its domain ends in `.example`.
    pub(super) fn company(&self, account: u64) -> Company<'_> {
        let name = *nth(&self.company_names, account);
        let country = nth(&self.countries, name);
        let stem = nth(&country.company_stems, name / COUNTRIES);
        let trade = nth(&country.trades, name / COUNTRIES / COMPANY_STEMS);
        let pattern = self.dice("company", account).pick(country.company_patterns);
        // Beyond the example's size the names come round again, with a number.
        let round = account / ACCOUNTS;
        Company {
            name: numbered(
                pattern
                    .replace("{stem}", stem.text())
                    .replace("{trade}", trade.text()),
                " ",
                round,
            ),
            domain: domain(*stem, *trade, round, "example"),
            country,
        }
    }

    /// The person behind a contact.
    pub(super) fn contact_person(&self, contact: u64) -> Person {
        let employment = self.relations.employment(contact);
        let company = self.company(employment.account);
        // Colleagues get different family names, hence different addresses.
        let family = self
            .dice("families", employment.account)
            .below(FAMILY_NAMES);
        let family_name = nth(&company.country.family_names, family + employment.position);
        self.person("contact person", contact, &company, *family_name)
    }

    /// A lead's firm, whose domain ends in `.test`, and the person there.
    pub(super) fn lead_person(&self, lead: u64) -> (Company<'_>, Person) {
        let firms = COUNTRIES * FAMILY_NAMES * TRADES;
        let name = *nth(&self.firm_names, lead);
        let country = nth(&self.countries, name);
        let family = name / COUNTRIES;
        let owner_name = nth(&country.family_names, family);
        let trade = nth(&country.trades, family / FAMILY_NAMES);
        let visit = lead / firms;
        let round = visit / FAMILY_NAMES;
        let company = Company {
            name: numbered(
                country
                    .firm_pattern
                    .replace("{family}", owner_name.text())
                    .replace("{trade}", trade.text()),
                " ",
                round,
            ),
            domain: domain(*owner_name, *trade, round, "test"),
            country,
        };
        let family_name = nth(&country.family_names, family + visit % FAMILY_NAMES);
        let person = self.person("lead person", lead, &company, *family_name);
        (company, person)
    }

    fn person(&self, stream: &str, index: u64, company: &Company<'_>, family_name: Name) -> Person {
        let dice = &mut self.dice(stream, index);
        let given_name = dice.pick(&company.country.given_names);
        let initial: String = given_name.ascii().chars().take(1).collect();
        let (title, department) = if dice.chance(20) {
            (company.country.plant_manager, "Production")
        } else {
            *dice.pick(&TITLES)
        };
        Person {
            first_name: given_name.text(),
            last_name: family_name.text(),
            email_address: format!("{initial}.{}@{}", family_name.ascii(), company.domain),
            phone_number: dice.chance(65).then(|| phone_number(dice)),
            title,
            department,
        }
    }
}

/// A number from 555-0100 to 555-0199, which North America keeps for made-up people.
fn phone_number(dice: &mut Dice) -> String {
    const AREAS: [&str; 12] = [
        "206", "212", "216", "303", "312", "313", "404", "415", "512", "617", "702", "773",
    ];
    let area = dice.pick(&AREAS);
    let line = dice.between(100, 199);
    match dice.below(4) {
        0 => format!("({area}) 555-0{line}"),
        1 => format!("+1 {area} 555 0{line}"),
        2 => format!("+1-{area}-555-0{line}"),
        _ => format!("+1{area}5550{line}"),
    }
}

fn domain(first: Name, second: Name, round: u64, top_level: &str) -> String {
    let name = numbered(format!("{}-{}", first.ascii(), second.ascii()), "-", round);
    format!("{name}.{top_level}")
}

/// The name as it is the first time round, with 2, 3, … after that.
fn numbered(name: String, separator: &str, round: u64) -> String {
    if round == 0 {
        name
    } else {
        format!("{name}{separator}{}", round + 1)
    }
}
