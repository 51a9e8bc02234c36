//! The table of rules, one row per rule.

use super::Evidence::{self, Assumed, Documented, Recorded};

/// One rule of the simulated service, with its evidence and its switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The stable name, which is also the name of the switch.
    pub name: &'static str,
    /// Which part of the service the rule belongs to.
    pub(crate) area: Area,
    /// The evidence of the rule.
    pub evidence: Evidence,
    /// Whether the switch is on unless it is set.
    pub on_by_default: bool,
    /// Whether the rule, when on, makes the simulator reject what it would accept otherwise. Rules
    /// that describe a situation instead (a wrong host, an inactive company) are not among them.
    pub rejects: bool,
    /// What happens while the rule is on.
    pub statement: &'static str,
    /// What happens while the rule is off.
    pub otherwise: &'static str,
    /// The source of the rule.
    pub source: &'static str,
    /// When the source was written, recorded or decided on.
    pub date: &'static str,
}

/// The chapters of the page of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    Access,
    Requests,
    Integrations,
    Schema,
    Files,
    Records,
    CustomFields,
    Status,
    Objects,
    Meetings,
    Users,
}

impl Area {
    pub(crate) const ALL: [Self; 11] = [
        Self::Access,
        Self::Requests,
        Self::Integrations,
        Self::Schema,
        Self::Files,
        Self::Records,
        Self::CustomFields,
        Self::Status,
        Self::Objects,
        Self::Meetings,
        Self::Users,
    ];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Access => "Access and limits",
            Self::Requests => "Requests and responses",
            Self::Integrations => "Integrations",
            Self::Schema => "Entity schema",
            Self::Files => "Uploads: the request and the file",
            Self::Records => "Uploads: the record",
            Self::CustomFields => "Uploads: custom fields",
            Self::Status => "Request status",
            Self::Objects => "Reading objects",
            Self::Meetings => "Meetings",
            Self::Users => "Users",
        }
    }
}

const API: &str = "Gong's OpenAPI document";
const OVERVIEW: &str = "help.gong.io/apidocs/crm-1";
const UPLOAD: &str = "help.gong.io, Upload CRM objects";
const STATUS: &str = "help.gong.io, Get request status";
const OBJECTS: &str = "help.gong.io, Get CRM objects";
const LIVE: &str = "live responses stored in NangoHQ/integration-templates";
const OLD: &str = "Gong's documentation of 2023, stored in matteeyah/gong-api";
const OURS: &str = "our choice";
const SPEC_DATE: &str = "2026-07";
const LIVE_DATE: &str = "2026-06-12";
const OLD_DATE: &str = "2023-03";
const OUR_DATE: &str = "2026-11";

/// Writes the enumeration of rules and the table in one go, so that neither can miss a row.
macro_rules! rules {
    ($($id:ident = $name:literal, $area:ident, $evidence:ident, $on:literal, $rejects:literal, $source:expr, $date:expr,
        $statement:literal, $otherwise:literal;)*) => {
        /// The rules by name, for the code that follows them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum RuleId { $($id),* }

        /// Every rule of the simulator, in the order of the page that lists them.
        pub const RULES: &[Rule] = &[$(Rule {
            name: $name, area: Area::$area, evidence: $evidence, on_by_default: $on, rejects: $rejects,
            statement: $statement, otherwise: $otherwise, source: $source, date: $date,
        }),*];
    };
}

// Columns: identifier = name, area, evidence, on by default, rejects something, source, date,
// what it means, what happens when off.
rules! {
    CredentialsRequired = "credentials-required", Access, Documented, true, true, OVERVIEW, SPEC_DATE,
        "A request without valid credentials is answered with 401", "Every request has all scopes";
    MissingScopeIs401 = "missing-scope-is-401", Access, Recorded, true, false, LIVE, LIVE_DATE,
        "A bearer token without the operation's scope is answered with 401, and the message names the scope", "It is answered with 403 with the same message";
    CompanyInactive = "company-inactive", Access, Assumed, false, false, "dust-tt/dust pull request 29680", "2026",
        "Every call is answered with 401 `Company is inactive`", "The company is active";
    WrongHostForbidden = "wrong-host-forbidden", Access, Assumed, false, false, "dust-tt/dust pull request 27851", "2026",
        "Every call is answered with 403, as integrators saw on a wrong regional host", "This is the correct host";
    WrongHostRedirects = "wrong-host-redirects", Access, Assumed, false, false, "gonimbly/gong-mcp", "2026",
        "Every call is redirected (307) to another origin, as integrators saw on a wrong regional host", "This is the correct host";
    DayEndsAtMidnight = "day-ends-at-midnight-utc", Access, Assumed, true, false, "gonimbly/gong-mcp", "2026",
        "The daily count of calls restarts at midnight UTC", "Each call counts for 24 hours";

    UnknownQueryParameter = "unknown-query-parameter", Requests, Assumed, false, true, OURS, OUR_DATE,
        "A query parameter that the operation does not know is answered with 400", "It is ignored";
    UnknownBodyProperty = "unknown-body-property", Requests, Assumed, true, true, OURS, OUR_DATE,
        "A property that the JSON body does not know is answered with 400", "It is ignored";
    NullProperty = "null-property", Requests, Assumed, true, true, OURS, OUR_DATE,
        "`null` in a property of a JSON body is answered with 400, since none is declared nullable", "It counts as absent";
    AddressFormat = "address-format", Requests, Assumed, true, true, OURS, OUR_DATE,
        "`ownerEmail`, `organizerEmail` and `emails` without one `@` inside are answered with 400", "Any text is accepted";
    JsonContentType = "json-content-type", Requests, Assumed, false, true, OURS, OUR_DATE,
        "A JSON body without `Content-Type: application/json` is answered with 415 by every operation", "The body is read whatever its content type is; only reading objects needs it (see `objects-need-json-body`)";
    CharsetInContentType = "charset-in-content-type", Requests, Recorded, true, false, LIVE, LIVE_DATE,
        "Responses have `application/json;charset=UTF-8`", "Responses have `application/json`";
    TraceId = "trace-id-header", Requests, Recorded, true, false, LIVE, LIVE_DATE,
        "Responses have `x-traceid`, equal to `requestId`, and `x-gong-service-version`", "They have neither";
    ClientRequestIdCharset = "client-request-id-charset", Requests, Documented, true, true, UPLOAD, SPEC_DATE,
        "A `clientRequestId` with anything but letters, digits, `-` and `_` is answered with 400", "Any text is accepted";
    ClientRequestIdLength = "client-request-id-length", Requests, Assumed, false, true, OURS, OUR_DATE,
        "A `clientRequestId` of more than 64 characters is answered with 400", "Any length is accepted";
    ClientRequestIdPerIntegration = "client-request-id-per-integration", Requests, Assumed, true, false, OURS, OUR_DATE,
        "A `clientRequestId` must be new within its integration", "It must be new within the company, over all past and present integrations";

    OneIntegration = "one-integration", Integrations, Recorded, true, true, LIVE, LIVE_DATE,
        "A second registration is answered with 409 with the recorded wording", "It replaces the first one and its data";
    NativeIntegration = "native-integration", Integrations, Documented, false, false, API, SPEC_DATE,
        "The company already has a native CRM connector: registration is answered with 409, and nothing is listed", "It has none";
    OwnerMustBeUser = "owner-must-be-user", Integrations, Assumed, false, true, OURS, OUR_DATE,
        "`ownerEmail` must be the address of a Gong user, otherwise the response is 400", "Any address is accepted";
    EmptyListIs404 = "empty-list-is-404", Integrations, Assumed, false, false, OURS, OUR_DATE,
        "Listing is answered with 404 while nothing is registered", "The list is empty";
    DeletingBlocksRegistration = "deleting-blocks-registration", Integrations, Assumed, true, true, OURS, OUR_DATE,
        "Until a deletion is `DONE`, a new registration is answered with 409", "A new integration can be registered immediately";
    DeletingIsListed = "deleting-is-listed", Integrations, Assumed, true, false, OURS, OUR_DATE,
        "An integration is listed until its deletion is `DONE`", "It disappears from the list immediately";
    DeletingRejectsUploads = "deleting-rejects-uploads", Integrations, Assumed, true, true, OURS, OUR_DATE,
        "Uploads to an integration that is being deleted are answered with 400", "They are accepted, and deleted with the rest";

    SchemaCompleteList = "schema-complete-list", Schema, Documented, true, true, API, SPEC_DATE,
        "A list that omits a field sent earlier is answered with 400, and nothing changes", "Omitted fields do not change";
    SchemaTypeChangeDropsData = "schema-type-change-drops-data", Schema, Documented, true, false, API, SPEC_DATE,
        "A field whose type changes loses its values on all objects", "The values stay";
    SchemaAnswers200 = "schema-answers-200", Schema, Recorded, true, false, LIVE, LIVE_DATE,
        "Sending a schema is answered with 200", "It is answered with 201, the other documented status";
    SchemaListsName = "schema-lists-name", Schema, Documented, false, false, API, SPEC_DATE,
        "Listed fields have `name` instead of `uniqueName`, as in the printed example", "They have `uniqueName`, as in the declared schema";
    SchemaListsNulls = "schema-lists-nulls", Schema, Documented, false, false, API, SPEC_DATE,
        "Listed fields have `lastModified`, `referenceTo` and `orderedValueList` even when they are null, as in the printed example", "Empty properties are omitted";
    SchemaListsStandardFields = "schema-lists-standard-fields", Schema, Assumed, false, false, OLD, OLD_DATE,
        "The standard fields are listed too", "Only the custom fields are listed";
    SchemaObjectTypeOptional = "schema-object-type-optional", Schema, Documented, true, false, API, SPEC_DATE,
        "Listing without `objectType` returns all types, as its description says", "It is answered with 400, because the parameter is declared as required";
    SchemaPicklistNeedsValues = "schema-picklist-needs-values", Schema, Documented, true, true, API, SPEC_DATE,
        "A PICKLIST field without `orderedValueList` is answered with 400", "It is accepted";
    SchemaReferenceNeedsTarget = "schema-reference-needs-target", Schema, Documented, true, true, API, SPEC_DATE,
        "A REFERENCE field whose `referenceTo` is not ACCOUNT, CONTACT, DEAL, LEAD or USER is answered with 400", "Anything is accepted";
    SchemaDuplicateName = "schema-duplicate-name", Schema, Assumed, true, true, OURS, OUR_DATE,
        "A list that contains a `uniqueName` twice is answered with 400", "The last one is used";
    SchemaStandardName = "schema-standard-name", Schema, Assumed, false, true, OURS, OUR_DATE,
        "A custom field named like a standard field of its type is answered with 400", "It is accepted";
    SchemaStringArray = "schema-string-array", Schema, Assumed, false, true, OLD, OLD_DATE,
        "A custom field of type STRINGARRAY is answered with 400", "It is accepted";

    PartNamedDataFile = "part-named-data-file", Files, Recorded, true, true, LIVE, LIVE_DATE,
        "A body without a part named `dataFile` is answered with 400 `dataFile part is missing`", "The first part is used, whatever its name";
    PartNeedsFileName = "part-needs-file-name", Files, Assumed, false, true, OURS, OUR_DATE,
        "A part without a file name counts as missing", "A file name is optional";
    BodyLimit = "body-limit", Files, Documented, true, true, UPLOAD, SPEC_DATE,
        "A body of more than 200,000,000 bytes is answered with 400 as soon as its length is known", "There is no limit";
    NotText = "not-text", Files, Assumed, true, true, OURS, OUR_DATE,
        "A compressed file (gzip, zip) or one in UTF-16 fails as a whole (line 0)", "Each of its lines is an error";
    EmptyFile = "empty-file", Files, Assumed, false, true, OURS, OUR_DATE,
        "A file without a record fails as a whole (line 0)", "It is `DONE` with 0 records";
    ByteOrderMark = "byte-order-mark", Files, Assumed, true, true, OURS, OUR_DATE,
        "A byte order mark makes line 1 unreadable", "It is skipped";
    BlankLine = "blank-line", Files, Assumed, false, true, OURS, OUR_DATE,
        "A blank line is an error", "It is skipped, and counts for the line numbers";
    CarriageReturn = "carriage-return", Files, Assumed, false, true, OURS, OUR_DATE,
        "A line that ends in CR LF is an error", "CR before LF is white space";
    CommentLine = "comment-line", Files, Documented, true, true, UPLOAD, SPEC_DATE,
        "A line that begins with `//` is an error, as each line must be a JSON object", "It is skipped, as the printed examples suggest";
    DuplicateObjectId = "duplicate-object-id", Files, Documented, true, true, UPLOAD, SPEC_DATE,
        "The second record with the same `objectId` in one file is an error", "The last one is used";
    SortedByModifiedDate = "sorted-by-modified-date", Files, Assumed, false, true, OLD, OLD_DATE,
        "A record with an earlier `modifiedDate` than the one before is an error", "Any order is accepted";
    GoodLinesApplied = "good-lines-applied", Files, Assumed, true, false, "the example in help.gong.io, Get request status", SPEC_DATE,
        "The good lines of a file with errors are applied", "A file with an error changes nothing";

    ObjectIdLength = "object-id-length", Records, Documented, true, true, UPLOAD, SPEC_DATE,
        "`objectId` has at most 64 characters", "Any length is accepted";
    ObjectIdCharset = "object-id-charset", Records, Documented, true, true, UPLOAD, SPEC_DATE,
        "`objectId` is letters, digits and `-`, or an email address (underscores: next rule)", "Any characters are accepted";
    ObjectIdUnderscore = "object-id-underscore", Records, Documented, false, true, UPLOAD, SPEC_DATE,
        "An underscore in an `objectId` is an error, as the character rule says", "It is accepted, as the examples on the same page show";
    ModifiedDateRequired = "modified-date-required", Records, Documented, true, true, UPLOAD, SPEC_DATE,
        "`modifiedDate` is mandatory, except for STAGE", "It may be missing";
    EmailAddressRequired = "email-address-required", Records, Recorded, true, true, LIVE, LIVE_DATE,
        "`emailAddress` is mandatory for a BUSINESS_USER that is not deleted", "It may be missing";
    StageNameRequired = "stage-name-required", Records, Documented, true, true, UPLOAD, SPEC_DATE,
        "`name` is mandatory for a STAGE", "It may be missing";
    DateTimeFormat = "date-time-format", Records, Documented, true, true, OVERVIEW, SPEC_DATE,
        "`modifiedDate` and `createdDate` are ISO-8601 with an offset or `Z` and without milliseconds", "Any text is accepted";
    CloseDateFormat = "close-date-format", Records, Assumed, false, true, OLD, OLD_DATE,
        "`closeDate` is a date without time", "Any text is accepted";
    FieldType = "field-type", Records, Documented, true, true, UPLOAD, SPEC_DATE,
        "A standard field has the JSON type of its table: text, boolean, number, whole number, array of strings", "Any JSON value is accepted";
    NullField = "null-field", Records, Assumed, false, true, OURS, OUR_DATE,
        "`null` in an optional standard field is an error", "It counts as absent";
    DealStatus = "deal-status", Records, Documented, true, true, API, SPEC_DATE,
        "`status` of a DEAL is WON, LOST or OPEN, in capitals", "Any text is accepted";
    SortOrderFromOne = "sort-order-from-one", Records, Documented, true, true, UPLOAD, SPEC_DATE,
        "`sortOrder` of a STAGE is at least 1", "Any whole number is accepted";
    UrlFormat = "url-format", Records, Documented, true, true, UPLOAD, SPEC_DATE,
        "`url` is a full http or https address", "Any text is accepted";
    EmailFormat = "email-format", Records, Assumed, false, true, OURS, OUR_DATE,
        "`emailAddress` looks like an email address", "Any text is accepted";
    DuplicateKey = "duplicate-key", Records, Assumed, false, true, OURS, OUR_DATE,
        "A key that occurs twice in one record is an error", "The last one is used";
    ReadableValues = "readable-values", Records, Assumed, true, true, OURS, OUR_DATE,
        "A value that JSON readers cannot represent is a parse error: an unpaired surrogate, a number larger than any double, brackets nested 128 deep", "It is stored and read back unchanged";
    EmailChangeNeedsDeletion = "email-change-needs-deletion", Records, Assumed, false, true, UPLOAD, SPEC_DATE,
        "A BUSINESS_USER whose `emailAddress` changes must be deleted in an earlier request, otherwise it is an error", "The address changes";
    DealNeedsKnownAccount = "deal-needs-known-account", Records, Assumed, false, false, OLD, OLD_DATE,
        "A DEAL whose account does not exist yet counts as processed, but never appears", "It appears";
    ContactNeedsKnownAccount = "contact-needs-known-account", Records, Assumed, false, false, OLD, OLD_DATE,
        "A CONTACT whose account does not exist yet counts as processed, but never appears", "It appears";
    AccountDelay = "account-delay", Records, Assumed, false, false, OLD, OLD_DATE,
        "A CONTACT or DEAL whose account cannot be read back yet, or was created less than the account delay (60 seconds) before, counts as processed, but never appears", "A new account is known immediately";
    DealNeedsKnownOwner = "deal-needs-known-owner", Records, Assumed, false, false, OLD, OLD_DATE,
        "A DEAL whose owner does not exist yet counts as processed, but never appears", "It appears";
    DealStageMustExist = "deal-stage-must-exist", Records, Assumed, false, true, UPLOAD, SPEC_DATE,
        "`stage` of a DEAL must be the `objectId` of a STAGE, otherwise it is an error", "Any text is accepted";
    DealStageMustBeActive = "deal-stage-must-be-active", Records, Assumed, false, true, OURS, OUR_DATE,
        "A DEAL that enters a STAGE with `isActive` false is an error", "It enters the STAGE";
    OlderUpdateApplied = "older-update-applied", Records, Assumed, true, false, OURS, OUR_DATE,
        "A record or deletion with an earlier `modifiedDate` than the stored object, or than its deletion, is applied: the last upload wins", "It counts as processed, but the stored object does not change";
    OlderUpdateFiled = "older-update-filed", Records, Assumed, false, false, OURS, OUR_DATE,
        "An older version that is not applied is added to the history of its object", "It is dropped";
    OmittedCustomFieldsCleared = "omitted-custom-fields-cleared", Records, Assumed, true, false, OURS, OUR_DATE,
        "A custom field that an update omits is cleared", "It keeps its value";
    OmittedStandardFieldsCleared = "omitted-standard-fields-cleared", Records, Assumed, true, false, OURS, OUR_DATE,
        "A standard field that an update omits is cleared, or set to its default value", "It keeps its value";
    NullClearsCustomField = "null-clears-custom-field", Records, Assumed, true, false, OURS, OUR_DATE,
        "`null` clears a custom field", "`null` is ignored: the field keeps its value";
    NullClearsStandardField = "null-clears-standard-field", Records, Assumed, true, false, OURS, OUR_DATE,
        "`null` clears a standard field", "`null` is ignored: the field keeps its value";
    NullIsKept = "null-is-kept", Records, Assumed, true, false, OURS, OUR_DATE,
        "A field that `null` cleared is stored and read back as `null`", "It is absent afterwards";
    ObjectIdsIgnoreCase = "object-ids-ignore-case", Records, Assumed, false, false, OURS, OUR_DATE,
        "Ids that differ only in case are one object", "They are two objects";
    OneIdSpace = "one-id-space", Records, Assumed, false, false, OURS, OUR_DATE,
        "An `objectId` identifies one object of any type: an upload or deletion removes the object of another type with the same id", "Each type has its own ids";
    StageDeletionDeactivates = "stage-deletion-deactivates", Records, Assumed, false, false, OLD, OLD_DATE,
        "`isDeleted` makes a STAGE inactive", "It removes the STAGE";
    DeletionNeedsObject = "deletion-needs-object", Records, Assumed, false, true, OURS, OUR_DATE,
        "Deleting an absent object is an error", "It is processed, and changes nothing";

    CustomFieldType = "custom-field-type", CustomFields, Assumed, true, true, OLD, OLD_DATE,
        "The value of a custom field has the JSON type of its schema type, or is null", "Any JSON value is accepted";
    CustomFieldFormat = "custom-field-format", CustomFields, Assumed, false, true, OVERVIEW, SPEC_DATE,
        "DATE is a date, DATETIME has an offset and no milliseconds, URL and EMAILADDRESS look like one", "Any text is accepted, as the printed DEAL example suggests";
    PicklistValue = "picklist-value", CustomFields, Assumed, false, true, OVERVIEW, SPEC_DATE,
        "A PICKLIST value is one of `orderedValueList`", "Any text is accepted";
    PercentRange = "percent-range", CustomFields, Assumed, false, true, OVERVIEW, SPEC_DATE,
        "A PERCENT value is between 0 and 100", "Any number is accepted";
    ReferenceTarget = "reference-target", CustomFields, Assumed, false, true, OURS, OUR_DATE,
        "A REFERENCE value is the id of an existing object", "Any text is accepted";

    StatusListsTwentyErrors = "status-lists-twenty-errors", Status, Documented, true, false, STATUS, SPEC_DATE,
        "`errors` lists the first 20; `totalErrorCount` counts all", "The first 1,000 are listed";
    StatusCountsSuccesses = "status-counts-successes", Status, Documented, true, false, STATUS, SPEC_DATE,
        "The status has `totalSuccessCount`", "It has no `totalSuccessCount`";
    SuccessCountsChanges = "success-counts-changes", Status, Assumed, false, false, OURS, OUR_DATE,
        "`totalSuccessCount` counts only records that changed something", "It counts all good records";
    SuccessCountIsShort = "success-count-is-short", Status, Assumed, false, false, OURS, OUR_DATE,
        "`totalSuccessCount` is one less than it should be", "It is correct";
    UnknownRequestIs400 = "unknown-request-is-400", Status, Assumed, true, false, OURS, OUR_DATE,
        "An unknown `clientRequestId` is answered with 400, a declared status", "It is answered with 404";

    ObjectsNeedJsonBody = "objects-need-json-body", Objects, Recorded, true, true, LIVE, LIVE_DATE,
        "Without `Content-Type: application/json` the response is 415 `Unsupported Media Type`", "A body of any type is read; no body means no ids";
    ObjectsCutAtHundred = "objects-cut-at-hundred", Objects, Documented, true, false, OBJECTS, SPEC_DATE,
        "Only the first 100 objects are returned", "More than 100 ids are answered with 400";
    ObjectsHideUnknownFields = "objects-hide-unknown-fields", Objects, Documented, true, false, API, SPEC_DATE,
        "Values of fields that are in no schema are stored but not shown", "They are shown";
    ObjectsShowDefaults = "objects-show-defaults", Objects, Assumed, true, false, UPLOAD, SPEC_DATE,
        "The documented default values (`name`, `status`, `amount`) are shown for fields that were not sent", "Only fields that were sent are shown";

    AnyAddressIsUser = "any-address-is-user", Meetings, Assumed, true, false, OURS, OUR_DATE,
        "While no Gong user is configured, every address is a user who is ready for meetings", "Only configured users exist";
    MeetingsLimitedRelease = "meetings-limited-release", Meetings, Documented, false, false, API, SPEC_DATE,
        "The meetings operations are answered with 403, as for a company outside the limited release", "The company is in the limited release";
    MeetingsNeedUser = "meetings-need-user", Meetings, Documented, true, true, API, SPEC_DATE,
        "An organizer who is not a Gong user is answered with 404", "Anybody can be the organizer";
    MeetingsNeedConsent = "meetings-need-consent", Meetings, Recorded, true, true, LIVE, LIVE_DATE,
        "An organizer without consent page or with a disconnected provider is answered with 409 with `userFacingError`", "Neither is needed";
    MeetingsNameAssistant = "meetings-name-assistant", Meetings, Documented, true, false, API, SPEC_DATE,
        "`additionalInvitees` of a created meeting has an address of Gong's own, which the caller should invite so that the meeting is recorded", "`additionalInvitees` is empty";
    MeetingIdTwentyDigits = "meeting-id-twenty-digits", Meetings, Documented, false, false, API, SPEC_DATE,
        "A `meetingId` has 20 digits, the documented maximum, which does not fit 64 bits", "It has 19 digits and fits a signed integer of 64 bits";
    MeetingTimes = "meeting-times", Meetings, Assumed, false, true, OURS, OUR_DATE,
        "A meeting that ends before it starts is answered with 400", "Any two times are accepted";
    MeetingsHundredAddresses = "meetings-hundred-addresses", Meetings, Documented, true, true, API, SPEC_DATE,
        "More than 100 addresses in one status request are answered with 400", "Any number is accepted";

    UsersInPages = "users-in-pages", Users, Assumed, true, false, OURS, OUR_DATE,
        "Users are listed 100 per page, and `records.cursor` leads to the next page", "All users are one page";
}
