//! What does the line of each record say?

use jiff::Timestamp;
use serde_json::{Value, json};

use super::crm::Crm;
use super::dice::Dice;
use super::pipeline::{self, STAGES};
use super::relations::Relations;
use super::schema::{INDUSTRIES, LEAD_SOURCES, PRODUCT_LINES};
use super::time;

pub(super) fn business_user(crm: &Crm, user: u64) -> Value {
    let dice = &mut crm.dice("user", user);
    let object_id = Crm::user_id(user);
    let modified = time::written_in_utc(time::modified(dice, user, crm.relations.users()));
    if Relations::user_is_deleted(user) {
        return json!({"objectId": object_id, "modifiedDate": modified, "isDeleted": true});
    }
    json!({
        "objectId": object_id,
        "modifiedDate": modified,
        "url": url(&object_id),
        "emailAddress": Crm::user_email_address(user),
    })
}

pub(super) fn stage(crm: &Crm, index: u64) -> Value {
    let stage = super::dice::nth(&STAGES, index);
    let dice = &mut crm.dice("stage", index);
    let mut record = json!({
        "objectId": stage.object_id,
        "modifiedDate": time::written_in_utc(time::modified(dice, index, STAGES.len() as u64)),
        "name": stage.name,
        "sortOrder": index + 1,
    });
    if !stage.is_active {
        record["isActive"] = json!(false);
    }
    record
}

pub(super) fn account(crm: &Crm, account: u64) -> Value {
    let dice = &mut crm.dice("account", account);
    let company = crm.company(account);
    let object_id = account_id(account);
    let moment = time::modified(dice, account, crm.relations.accounts());
    let modified = time::written(moment, company.country);
    if Relations::account_is_deleted(account) {
        return json!({
            "objectId": object_id,
            "modifiedDate": modified,
            "isDeleted": true,
            "name": company.name,
        });
    }
    let mut domains = vec![company.domain.clone()];
    if dice.chance(20) {
        domains.push(format!("group.{}", company.domain));
    }
    let parent = crm
        .relations
        .live_account(dice.below(crm.relations.accounts()));
    let has_parent =
        dice.chance(40) && Relations::is_key_account(parent) && !Relations::is_key_account(account);
    let is_customer = dice.chance(60);
    with_what_is_known(json!({
        "objectId": object_id,
        "modifiedDate": modified,
        "url": url(&object_id),
        "name": company.name,
        "domains": domains,
        "industry": dice.pick(INDUSTRIES),
        "employeeCount": dice.between(12, 4_800),
        "annualRevenue": dice.between(9, 2_400) * 250_000,
        "healthScore": is_customer.then(|| f64::from(dice.small(1_001)) / 10.0),
        "isReferenceCustomer": is_customer.then(|| dice.chance(25)),
        "renewalDate": is_customer.then(|| time::day_to_come(dice.between(10, 700))),
        "website": dice.chance(40).then(|| format!("https://www.{}/", company.domain)),
        "parentAccountId": has_parent.then(|| account_id(parent)),
        "accountManagerId": Crm::user_id(crm.account_owner(account)),
    }))
}

pub(super) fn contact(crm: &Crm, contact: u64) -> Value {
    let dice = &mut crm.dice("contact", contact);
    let employer = crm.relations.employment(contact).account;
    let country = crm.company(employer).country;
    let object_id = contact_id(contact);
    let moment = time::modified(dice, contact, crm.relations.contacts());
    let modified = time::written(moment, country);
    if crm.relations.contact_is_deleted(contact) {
        // The account may be deleted as well; a deleted contact names one that is not.
        return json!({
            "objectId": object_id,
            "modifiedDate": modified,
            "isDeleted": true,
            "accountId": account_id(crm.relations.live_account(employer)),
        });
    }
    let person = crm.contact_person(contact);
    let superior = Relations::first_contact(employer);
    let met = days_back(moment, 60, dice);
    with_what_is_known(json!({
        "objectId": object_id,
        "modifiedDate": modified,
        "accountId": account_id(employer),
        "emailAddress": person.email_address,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "title": dice.chance(78).then_some(person.title),
        "phoneNumber": person.phone_number,
        "department": dice.chance(30).then_some(person.department),
        "newsletterOptIn": dice.chance(30).then(|| dice.chance(60)),
        "lastMeetingAt": dice.chance(20).then(|| time::written(met, country)),
        "reportsToId": (superior != contact && dice.chance(40)).then(|| contact_id(superior)),
    }))
}

pub(super) fn deal(crm: &Crm, deal: u64) -> Value {
    let dice = &mut crm.dice("deal", deal);
    let account = crm.relations.account_of_deal(deal);
    let company = crm.company(account);
    let object_id = deal_id(deal);
    let moment = time::modified(dice, deal, crm.relations.deals());
    let modified = time::written(moment, company.country);
    let product_line = *dice.pick(PRODUCT_LINES);
    let name = format!("{} – {product_line}", company.name);
    if crm.relations.deal_is_deleted(deal) {
        return json!({
            "objectId": object_id,
            "modifiedDate": modified,
            "isDeleted": true,
            "name": name,
        });
    }
    let standing = pipeline::standing(dice, moment, deal >= crm.relations.deals() / 2);
    let owner = if dice.chance(80) {
        crm.account_owner(account)
    } else {
        crm.live_user(dice)
    };
    let full_price = (3 + dice.small(240)) * 1_150;
    // A quarter of the deals have a discount of some tenths of a percent, hence cents.
    let amount = if dice.chance(25) {
        json!(f64::from(full_price * (850 + dice.small(149)) / 10) / 100.0)
    } else {
        json!(full_price)
    };
    let created = time::days_before(moment, dice.between(20, 400), dice);
    let entered_stage = days_back(moment, 15, dice);
    with_what_is_known(json!({
        "objectId": object_id,
        "modifiedDate": modified,
        "url": url(&object_id),
        "accountId": account_id(account),
        "ownerId": Crm::user_id(owner),
        "name": name,
        "createdDate": time::written_in_utc(created),
        "closeDate": standing.close_date,
        "status": standing.status,
        "stage": standing.stage.object_id,
        "amount": amount,
        "productLine": dice.chance(50).then_some(product_line),
        "winProbability": standing.win_probability,
        "isCompetitive": dice.chance(30).then(|| dice.chance(70)),
        "pilotStartDate": dice.chance(20).then(|| time::day(entered_stage)),
        "enteredStageAt": dice.chance(15).then(|| time::written(entered_stage, company.country)),
        "nextStep": standing.next_step,
        "primaryContactId": dice
            .chance(45)
            .then(|| contact_id(Relations::first_contact(account))),
    }))
}

pub(super) fn lead(crm: &Crm, lead: u64) -> Value {
    let dice = &mut crm.dice("lead", lead);
    let object_id = lead_id(lead);
    let moment = time::modified(dice, lead, crm.relations.leads());
    let account = Relations::account_of_lead(lead);
    let (company, person) = match account {
        // A converted lead is the account's first contact.
        Some(account) => (
            crm.company(account),
            crm.contact_person(Relations::first_contact(account)),
        ),
        None => crm.lead_person(lead),
    };
    let modified = time::written(moment, company.country);
    if Relations::lead_is_deleted(lead) {
        return json!({
            "objectId": object_id,
            "modifiedDate": modified,
            "isDeleted": true,
            "emailAddress": person.email_address,
        });
    }
    let first_touch = days_back(moment, 120, dice);
    // Sales sometimes skips the contact or the deal when it converts a lead.
    let contact = account
        .filter(|_| dice.chance(85))
        .map(Relations::first_contact);
    let deal = account
        .filter(|_| contact.is_some() && dice.chance(75))
        .map(Relations::first_deal);
    with_what_is_known(json!({
        "objectId": object_id,
        "modifiedDate": modified,
        "emailAddress": person.email_address,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "title": dice.chance(60).then_some(person.title),
        "phoneNumber": person.phone_number,
        "convertedToAccountId": account.map(account_id),
        "convertedToContactId": contact.map(contact_id),
        "convertedToDealId": deal.map(deal_id),
        "companyName": company.name,
        "leadSource": dice.chance(80).then(|| *dice.pick(LEAD_SOURCES)),
        "leadScore": f64::from(dice.small(10_001)) / 100.0,
        "consentGiven": dice.chance(50).then(|| dice.chance(60)),
        "estimatedBudget": dice.chance(30).then(|| dice.between(5, 400) * 500),
        "firstTouchAt": dice.chance(30).then(|| time::written_in_utc(first_touch)),
        "assignedUserId": dice.chance(40).then(|| Crm::user_id(crm.live_user(dice))),
    }))
}

/// The record without the fields that nobody filled in, as most CRMs export it.
///
/// A parent account is sent as null where there is none: Gong takes null for a custom field, and
/// the example should hold some.
fn with_what_is_known(mut record: Value) -> Value {
    if let Some(fields) = record.as_object_mut() {
        fields.retain(|field, value| !value.is_null() || field == "parentAccountId");
    }
    record
}

fn account_id(account: u64) -> String {
    object_id("acc", 11_003, account)
}

fn contact_id(contact: u64) -> String {
    object_id("con", 29_011, contact)
}

fn deal_id(deal: u64) -> String {
    object_id("deal", 47_017, deal)
}

fn lead_id(lead: u64) -> String {
    object_id("lead", 83_023, lead)
}

/// An id that tells the kind of record but not its place in the file, as CRM ids do.
fn object_id(prefix: &str, first: u64, index: u64) -> String {
    const DIGITS: [char; 32] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H',
        'J', 'K', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
    ];
    // Six digits of five bits. Multiplying by an odd number modulo a power of two never maps two
    // indexes to one id.
    let number = (first + index).wrapping_mul(0x1e35_a7bd) % (1 << 30);
    let digits: String = (0..6_u64)
        .rev()
        .map(|place| super::dice::nth(&DIGITS, number >> (5 * place)))
        .collect();
    format!("{prefix}-{digits}")
}

fn url(object_id: &str) -> String {
    format!("https://crm.acme.example/{object_id}")
}

fn days_back(moment: Timestamp, limit: u64, dice: &mut Dice) -> Timestamp {
    let days = dice.below(limit);
    time::days_before(moment, days, dice)
}
