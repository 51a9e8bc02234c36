//! Mappings for the Singer taps of well-known CRMs.

use std::collections::BTreeSet;

use gong_crm::ObjectType;
use gong_crm::mapping::{Mapping, MappingError, OnlyCurrency};

/// A mapping for the Singer tap of a CRM.
///
/// ```
/// use gong_sources::singer::Preset;
///
/// let preset = Preset::named("pipedrive").unwrap();
/// let mapping = preset.mapping(Some("EUR"))?;
/// assert_eq!(mapping.object_types().count(), 5);
/// assert!(Preset::named("abacus").is_none());
/// # Ok::<(), gong_crm::mapping::MappingError>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Preset {
    /// Its name: `pipedrive`.
    pub name: &'static str,
    /// The name of the CRM.
    pub crm: &'static str,
    /// The package of the tap that it was tried with.
    pub tap: &'static str,
    /// The version of that tap.
    pub version: &'static str,
    /// Which deletions reach Gong, and which don't.
    pub deletions: &'static str,
    /// Other limitations of the tap, and what to do about them.
    pub limits: &'static [&'static str],
    /// Types whose records the tap never writes completely, or not at all.
    pub never_complete: &'static [ObjectType],
    /// The mapping, in TOML.
    pub text: &'static str,
    /// The path of the currency of a deal's amount, where the CRM does not convert amounts.
    currency: Option<&'static str>,
}

/// Every preset.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "close",
        crm: "Close",
        tap: "tap-closeio",
        version: "1.6.6",
        deletions: "The tap reports none: it just no longer sends a deleted lead, and a lead without \
                    its deleted contacts and opportunities. They stay in Gong until a complete read \
                    deletes them.",
        limits: &[
            "Stages are those that opportunities are in; their order is not known.",
            "The expected close date of an open opportunity is in date_won; without one, a deal has no \
             closeDate.",
            "Underscores in ids become hyphens, which Gong allows.",
        ],
        never_complete: &[ObjectType::Stage],
        text: include_str!("../../presets/close.toml"),
        currency: Some("item.value_currency"),
    },
    Preset {
        name: "copper",
        crm: "Copper",
        tap: "tap-copper",
        version: "0.1.2",
        deletions: "The tap reports none: it just no longer sends a deleted record. A complete \
                    read deletes contacts and deals.",
        limits: &[
            "The tap reads only the first page of companies, leads and users (20 or 100 of each): \
             deals and contacts refer to accounts that it never sends. If there are more, load \
             companies, leads and users in another way.",
            "A close date is read as month/day/year; an account with day/month/year gets wrong dates.",
            "An amount is the one that the CRM converted into the company's currency. Without one, it is the \
             deal's own, whatever its currency.",
        ],
        never_complete: &[
            ObjectType::BusinessUser,
            ObjectType::Account,
            ObjectType::Lead,
        ],
        text: include_str!("../../presets/copper.toml"),
        currency: None,
    },
    Preset {
        name: "freshsales",
        crm: "Freshsales",
        tap: "tap-freshsales",
        version: "0.1.1",
        deletions: "Accounts, contacts and leads, with is_deleted in the view Recycle Bin. \
                    Deleted deals are not sent; a complete read deletes them.",
        limits: &[
            "The tap has no streams deal_stages and owners: load stages and users in another way; \
             otherwise deals refer to stages and owners that Gong does not know.",
            "A closed deal is lost if its probability is 0, and won otherwise.",
            "The tap sends only records of the views that it reads.",
            "An amount is the one that the CRM converted into the company's currency. Without one, it is the \
             deal's own, whatever its currency.",
        ],
        never_complete: &[ObjectType::Stage, ObjectType::BusinessUser],
        text: include_str!("../../presets/freshsales.toml"),
        currency: None,
    },
    Preset {
        name: "hubspot",
        crm: "HubSpot",
        tap: "tap-hubspot",
        version: "4.5.0",
        deletions: "The tap reports none: it just no longer sends a deleted or archived record. A \
                    complete read deletes them.",
        limits: &[
            "Deals have a company only if the field associations is selected in the catalog; of several \
             companies, the first counts.",
            "The tap sends only active owners: a deal of an owner who left refers to a user that \
             Gong does not know.",
            "closeDate is the day in UTC.",
            "An amount is the one that the CRM converted into the company's currency. Without one, it is the \
             deal's own, whatever its currency.",
        ],
        never_complete: &[ObjectType::BusinessUser],
        text: include_str!("../../presets/hubspot.toml"),
        currency: None,
    },
    Preset {
        name: "pipedrive",
        crm: "Pipedrive",
        tap: "tap-pipedrive",
        version: "2.1.0",
        deletions: "Deals, with is_deleted or the status deleted. Deleted organizations, persons \
                    and stages may not be sent; a complete read deletes them.",
        limits: &[
            "Custom fields have 40 hexadecimal digits as names: add those that you need to your \
             own mapping.",
            "A user who is not active any more stays in Gong.",
        ],
        never_complete: &[],
        text: include_str!("../../presets/pipedrive.toml"),
        currency: Some("currency"),
    },
    Preset {
        name: "salesforce",
        crm: "Salesforce",
        tap: "tap-salesforce",
        version: "2.8.1",
        deletions: "All types, with IsDeleted, if the record is still in the recycle bin when the \
                    tap runs. Purged records are not sent; a complete read deletes them.",
        limits: &[
            "Select OpportunityStage: an opportunity names its stage by its label, and without the stages \
             deals are held back.",
            "Set replication-method and replication-key (SystemModstamp) in the catalog; otherwise every \
             run reads everything.",
            "A user who is not active any more stays in Gong.",
        ],
        never_complete: &[],
        text: include_str!("../../presets/salesforce.toml"),
        currency: Some("CurrencyIsoCode"),
    },
];

impl Preset {
    /// The preset of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// The mapping. With the company's currency, amounts in other currencies are held back where the
    /// CRM does not convert them.
    ///
    /// # Errors
    ///
    /// [`MappingError`], which would be a mistake of this crate.
    pub fn mapping(&self, currency: Option<&str>) -> Result<Mapping, MappingError> {
        let mapping = Mapping::from_toml(self.text)?;
        let (Some(column), Some(currency)) = (self.currency, currency) else {
            return Ok(mapping);
        };
        let deals = mapping.of_type(ObjectType::Deal).cloned();
        let Some((deals, mut amount)) =
            deals.and_then(|deals| Some((deals.clone(), deals.field("amount")?.clone())))
        else {
            return Ok(mapping);
        };
        let mut only = OnlyCurrency::default();
        column.clone_into(&mut only.column);
        currency.clone_into(&mut only.is);
        amount.only_currency = Some(only);
        Ok(mapping.with_type(ObjectType::Deal, deals.with_field("amount", amount)))
    }

    /// Whether amounts of several currencies are distinguished only with the company's currency.
    pub fn needs_currency(&self) -> bool {
        self.currency.is_some()
    }

    /// The types whose records the tap never writes completely, or not at all.
    pub fn incomplete_types(&self) -> BTreeSet<ObjectType> {
        self.never_complete.iter().copied().collect()
    }

    /// The mapping file with its limitations as comments, as the start of your own mapping.
    pub fn commented(&self) -> String {
        let mut text = format!(
            "# Mapping of {} records, as {} {} writes them.\n#\n",
            self.crm, self.tap, self.version
        );
        let mut add = |paragraph: &str| {
            let mut line = "#".to_owned();
            for word in paragraph.split_whitespace() {
                if line.len() + word.len() > 98 {
                    text.push_str(&line);
                    text.push('\n');
                    "#".clone_into(&mut line);
                }
                line.push(' ');
                line.push_str(word);
            }
            text.push_str(&line);
            text.push('\n');
        };
        add(&format!("Deletions: {}", self.deletions));
        for limit in self.limits {
            add(&format!("- {limit}"));
        }
        if self.needs_currency() {
            add(
                "- Amounts are not converted: set the company's currency, and deals in another one are \
                 held back.",
            );
        }
        format!("{text}\n{}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_a_mapping_and_stays_one_with_its_comments() {
        for preset in PRESETS {
            for text in [preset.text.to_owned(), preset.commented()] {
                let mapping = Mapping::from_toml(&text).unwrap();
                for object_type in mapping.object_types() {
                    let table = mapping.of_type(object_type).unwrap();
                    assert!(table.stream.iter().next().is_some(), "{}", preset.name);
                }
            }
            let with_currency = preset.mapping(Some("EUR")).unwrap();
            let amount = with_currency.of_type(ObjectType::Deal).unwrap();
            let only = &amount.field("amount").unwrap().only_currency;
            assert_eq!(only.is_some(), preset.needs_currency(), "{}", preset.name);
        }
    }
}
