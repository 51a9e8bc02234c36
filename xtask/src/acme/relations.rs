//! Which record belongs to which, and which are deleted?
//!
//! Every answer is arithmetic on indexes, with no table of records behind it: that keeps memory
//! flat however large the CRM, and lets a deal name its account before either is written.

/// The size of the example; a scaled CRM is made of that many blocks.
pub(super) const USERS: u64 = 20;
pub(super) const ACCOUNTS: u64 = 500;
const CONTACTS: u64 = 4 * ACCOUNTS;
const DEALS: u64 = 3 * ACCOUNTS;
const LEADS: u64 = 800;

/// Every fifth account is a key account, with five contacts and deals more than the others.
const KEY_ACCOUNT_EVERY: u64 = 5;

/// Who belongs to whom in a CRM `scale` times the size of the example.
#[derive(Clone, Copy, Debug)]
pub(super) struct Relations {
    scale: u64,
}

/// A contact's employer, and which of the employer's people it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Employment {
    pub(super) account: u64,
    pub(super) position: u64,
}

impl Relations {
    pub(super) fn new(scale: u32) -> Self {
        Self {
            scale: u64::from(scale),
        }
    }

    pub(super) const fn users(self) -> u64 {
        USERS * self.scale
    }

    pub(super) const fn accounts(self) -> u64 {
        ACCOUNTS * self.scale
    }

    pub(super) const fn contacts(self) -> u64 {
        CONTACTS * self.scale
    }

    pub(super) const fn deals(self) -> u64 {
        DEALS * self.scale
    }

    pub(super) const fn leads(self) -> u64 {
        LEADS * self.scale
    }

    pub(super) const fn user_is_deleted(user: u64) -> bool {
        user % USERS == USERS - 1
    }

    pub(super) const fn account_is_deleted(account: u64) -> bool {
        account % 41 == 17
    }

    pub(super) const fn is_key_account(account: u64) -> bool {
        account.is_multiple_of(KEY_ACCOUNT_EVERY)
    }

    /// The account itself, or the next one that is not deleted.
    pub(super) const fn live_account(self, account: u64) -> u64 {
        let mut candidate = account % self.accounts();
        while Self::account_is_deleted(candidate) {
            candidate = (candidate + 1) % self.accounts();
        }
        candidate
    }

    /// Three contacts work for every account, and another five for each key account.
    pub(super) const fn employment(self, contact: u64) -> Employment {
        let round = contact / self.accounts();
        let account = CONTACT_ORDER.scatter(contact % self.accounts());
        if round < 3 {
            Employment {
                account,
                position: round,
            }
        } else {
            let seat = account % KEY_ACCOUNT_EVERY;
            Employment {
                account: account - seat,
                position: 3 + seat,
            }
        }
    }

    /// The first contact of an account, deleted only together with it.
    pub(super) const fn first_contact(account: u64) -> u64 {
        CONTACT_ORDER.gather(account)
    }

    /// A contact goes with its account; a few more have left on their own.
    pub(super) const fn contact_is_deleted(self, contact: u64) -> bool {
        let employment = self.employment(contact);
        Self::account_is_deleted(employment.account)
            || (employment.position > 0 && contact % 97 == 5)
    }

    /// Two deals for every account, and another five for each key account.
    pub(super) const fn account_of_deal(self, deal: u64) -> u64 {
        let account = DEAL_ORDER.scatter(deal % self.accounts());
        if deal / self.accounts() == 1 {
            account - account % KEY_ACCOUNT_EVERY
        } else {
            account
        }
    }

    /// The first deal of an account, deleted only together with it.
    pub(super) const fn first_deal(account: u64) -> u64 {
        DEAL_ORDER.gather(account)
    }

    /// A deal goes with its account; a few more were entered by mistake.
    pub(super) const fn deal_is_deleted(self, deal: u64) -> bool {
        Self::account_is_deleted(self.account_of_deal(deal))
            || (deal >= self.accounts() && deal % 89 == 3)
    }

    /// The account that a lead became, if it was converted; no two leads become the same account.
    pub(super) const fn account_of_lead(lead: u64) -> Option<u64> {
        let account = CONTACT_ORDER.scatter(lead / 5 * 3 + 1);
        if lead % 5 == 2 && !Self::account_is_deleted(account) {
            Some(account)
        } else {
            None
        }
    }

    pub(super) const fn lead_is_deleted(lead: u64) -> bool {
        lead % 53 == 7 && Self::account_of_lead(lead).is_none()
    }
}

/// A fixed reordering of each block of accounts, so that neighbors in one file are not neighbors
/// in the next.
struct Order {
    forward: u64,
    /// The inverse of `forward` modulo [`ACCOUNTS`].
    backward: u64,
}

const CONTACT_ORDER: Order = Order {
    forward: 337,
    backward: 273,
};
const DEAL_ORDER: Order = Order {
    forward: 213,
    backward: 277,
};

impl Order {
    const fn scatter(&self, index: u64) -> u64 {
        index - index % ACCOUNTS + index % ACCOUNTS * self.forward % ACCOUNTS
    }

    const fn gather(&self, index: u64) -> u64 {
        index - index % ACCOUNTS + index % ACCOUNTS * self.backward % ACCOUNTS
    }
}
