//! Each mistake that a maintainer can make ends in a message with its place, its line and its fix.

use serde_json::{Value, json};

use crate::codegen::problem::child;
use crate::codegen::{contract, generate};

const SMALL: &str = include_str!("tests/small.yaml");

/// A mistake: what it is called, a text of the small contract, and what is there instead.
type Mistake = (&'static str, &'static str, &'static str);

#[rustfmt::skip]
const MISTAKES: &[Mistake] = &[
    // The file
    ("not YAML", "tags: [CRM]\n      summary: Upload a file", "tags: [CRM\n      summary: Upload a file"),
    ("wrong indentation", "      summary: Update a meeting", "       summary: Update a meeting"),
    ("duplicate property", "        ownerId:\n", "        name:\n"),
    ("duplicate path", "  /v2/meetings/{meetingId}:\n", "  /v2/crm/entities:\n"),
    ("status without quotes", "        '200':\n", "        200:\n"),
    ("alias", "enum: [HOT, COLD]", "enum: *words"),
    ("OpenAPI 3.1", "openapi: 3.0.3", "openapi: 3.1.0"),
    ("OpenAPI 2.0", "openapi: 3.0.3", "swagger: '2.0'"),
    ("no version", "openapi: 3.0.3\n", ""),
    // Keys and values
    ("misspelt key", "summary: Update a meeting", "sumary: Update a meeting"),
    ("key of another place", "          format: int32\n", "          format: int32\n          in: query\n"),
    ("misspelt extension", "x-derived-default: the id", "x-dervied-default: the id"),
    ("unknown extension", "x-derived-default: the id", "x-color: red"),
    ("extension of a line format on another schema", "    ErrorResponse:\n      type: object\n", "    ErrorResponse:\n      type: object\n      x-load-order: 2\n"),
    ("extension of a field on another property", "          nullable: true\n", "          x-undocumented: true\n"),
    ("text instead of a boolean", "          nullable: true\n", "          nullable: 'true'\n"),
    ("number instead of a text", "  version: v2", "  version: 2.0"),
    ("boolean instead of a text", "description: The title.", "description: true"),
    ("text instead of a list", "required: [title]", "required: title"),
    ("list instead of a mapping", "              required: [dataFile]\n", "              required: [dataFile]\n              externalDocs: []\n              xml: {}\n              items: []\n"),
    ("text instead of a number", "          minimum: 1\n", "          minimum: one\n"),
    ("nothing instead of a schema", "    ErrorResponse:\n      type: object\n      properties:\n        requestId:\n          type: string\n", "    ErrorResponse:\n      type: object\n      properties:\n        requestId:\n"),
    ("callbacks", "      operationId: updateMeeting\n", "      operationId: updateMeeting\n      callbacks: {}\n"),
    ("const of OpenAPI 3.1", "          minimum: 1\n", "          const: 1\n"),
    // References
    ("missing schema of an answer", "#/components/schemas/AsyncProcessingResponse", "#/components/schemas/AsyncProcesingResponse"),
    ("missing schema of a body", "#/components/schemas/UpdateMeetingRequest", "#/components/schemas/Meeting"),
    ("missing response", "#/components/responses/BadRequest", "#/components/responses/Bad"),
    ("missing parameter", "#/components/parameters/IntegrationIdParameter", "#/components/parameters/IntegrationId"),
    ("missing header", "#/components/headers/TraceId", "#/components/headers/Trace"),
    ("missing schema in allOf", "#/components/schemas/Rating", "#/components/schemas/Rateing"),
    ("missing schema of items", "          items:\n            type: string\n        ownerId", "          items:\n            $ref: '#/components/schemas/Domain'\n        ownerId"),
    ("missing schema in an extension", "#/components/schemas/Account'", "#/components/schemas/Acount'"),
    ("reference to another kind", "#/components/responses/BadRequest", "#/components/schemas/ErrorResponse"),
    ("reference to another file", "#/components/schemas/ErrorResponse", "errors.yaml#/ErrorResponse"),
    ("reference that is not a text", "$ref: '#/components/headers/TraceId'", "$ref: 1"),
    ("reference with neighbors", "              $ref: '#/components/headers/TraceId'\n", "              $ref: '#/components/headers/TraceId'\n              description: Of this answer.\n"),
    ("reference where none can be", "        '200':\n          description: Updated.\n", "        '200':\n          description: Updated.\n          content:\n            application/json:\n              $ref: '#/components/schemas/ErrorResponse'\n"),
    ("circle of two schemas", "    ErrorResponse:\n      type: object\n      properties:\n        requestId:\n          type: string\n", "    ErrorResponse:\n      type: object\n      properties:\n        requestId:\n          $ref: '#/components/schemas/Cause'\n    Cause:\n      type: object\n      properties:\n        error:\n          $ref: '#/components/schemas/ErrorResponse'\n    Other:\n      type: object\n      properties:\n        requestId:\n          type: string\n"),
    ("schema that is itself", "    ErrorResponse:\n      type: object\n", "    ErrorResponse:\n      $ref: '#/components/schemas/ErrorResponse'\n    Other:\n      type: object\n"),
    // Schemas
    ("misspelt type", "          type: integer\n          format: int32", "          type: interger\n          format: int32"),
    ("type list of OpenAPI 3.1", "          type: string\n          nullable: true", "          type: [string, 'null']"),
    ("unknown format", "format: int32", "format: int16"),
    ("format of another type", "          type: string\n          nullable: true", "          type: string\n          format: int64"),
    ("empty enum", "enum: [HOT, COLD]", "enum: []"),
    ("enum of numbers", "      type: string\n      description: A rating.\n      enum: [HOT, COLD]\n", "      type: integer\n      description: A rating.\n      enum: [1, 2]\n"),
    ("enum word that is a boolean", "enum: [HOT, COLD]", "enum: [HOT, COLD, no, true]"),
    ("enum word that is no identifier", "enum: [HOT, COLD]", "enum: [HOT, COLD, 2nd]"),
    ("enum words that become one", "enum: [HOT, COLD]", "enum: [HOT, COLD, cold]"),
    ("required property that is not there", "required: [title]", "required: [titel]"),
    ("required twice", "required: [title]", "required: [title, title]"),
    ("oneOf", "          type: string\n          nullable: true", "          oneOf:\n            - type: string\n            - type: integer"),
    ("anyOf in a line format", "          type: string\n          x-derived-default: the id", "          anyOf:\n            - type: string\n            - type: integer"),
    ("allOf of two", "          allOf:\n            - $ref: '#/components/schemas/Rating'\n", "          allOf:\n            - $ref: '#/components/schemas/Rating'\n            - type: string\n"),
    ("type beside allOf", "          default: COLD\n", "          type: string\n"),
    ("array without items", "          type: array\n          items:\n            type: string\n        ownerId", "          type: array\n        ownerId"),
    ("properties without type", "    AsyncProcessingResponse:\n      type: object\n", "    AsyncProcessingResponse:\n"),
    ("default of another type", "          default: false\n", "          default: 'false'\n"),
    ("default that is not in the enum", "          default: COLD\n", "          default: WARM\n"),
    ("schema name with a dash", "    ErrorResponse:\n      type: object\n", "    error-response:\n      type: object\n    ErrorResponse:\n      type: object\n"),
    ("properties that become one name", "        provider:\n", "        Minutes:\n"),
    // Operations
    ("no operationId", "      operationId: updateMeeting\n", ""),
    ("operationId twice", "operationId: updateMeeting", "operationId: uploadCrmData"),
    ("operationId with a dash", "operationId: updateMeeting", "operationId: update-meeting"),
    ("operationId that is a keyword", "operationId: updateMeeting", "operationId: move"),
    ("path parameter that is not declared", "/v2/meetings/{meetingId}:", "/v2/meetings/{meetingId}/parts/{part}:"),
    ("path parameter that is not in the path", "- name: meetingId", "- name: meetingID"),
    ("path parameter that is not required", "        in: path\n        required: true\n", "        in: path\n"),
    ("parameter twice", "        - name: objectType\n", "        - name: integrationId\n"),
    ("parameter in a cookie", "        - name: objectType\n          in: query\n", "        - name: objectType\n          in: cookie\n"),
    ("parameter that is a list", "          schema:\n            $ref: '#/components/schemas/ObjectType'\n", "          schema:\n            type: array\n            items:\n              type: string\n"),
    ("unknown tag", "      tags: [CRM]\n      summary: Update", "      tags: [Crm]\n      summary: Update"),
    ("unknown scope", "x-scope: api:crm:upload\n      security:\n        - accessKey: []\n        - bearerToken: ['api:crm:upload']\n      requestBody", "x-scope: api:crm:uplaod\n      security:\n        - accessKey: []\n        - bearerToken: ['api:crm:upload']\n      requestBody"),
    ("unknown security scheme", "        - accessKey: []\n        - bearerToken: ['api:crm:upload']\n      requestBody", "        - accesKey: []\n        - bearerToken: ['api:crm:upload']\n      requestBody"),
    ("no scope", "      x-scope: api:crm:upload\n      security:\n        - accessKey: []\n        - bearerToken: ['api:crm:upload']\n      requestBody", "      security:\n        - accessKey: []\n        - bearerToken: ['api:crm:upload']\n      requestBody"),
    ("no answers", "      responses:\n        '200':\n          description: Updated.\n", ""),
    ("no success", "        '200':\n", "        '404':\n"),
    ("status range", "        '200':\n", "        2XX:\n"),
    ("request of another type", "          application/json:\n            schema:\n              $ref: '#/components/schemas/UpdateMeetingRequest'", "          application/xml:\n            schema:\n              $ref: '#/components/schemas/UpdateMeetingRequest'"),
    ("answer of another type", "            application/json:\n              schema:\n                $ref: '#/components/schemas/AsyncProcessingResponse'", "            text/plain:\n              schema:\n                $ref: '#/components/schemas/AsyncProcessingResponse'"),
    ("second upload", "          application/json:\n            schema:\n              $ref: '#/components/schemas/UpdateMeetingRequest'", "          multipart/form-data:\n            schema:\n              $ref: '#/components/schemas/UpdateMeetingRequest'"),
    ("no upload", "          multipart/form-data:\n", "          application/json:\n"),
    // Line formats
    ("field that is a keyword", "        ownerId:\n", "        type:\n"),
    ("field that can't be raw", "        ownerId:\n", "        self:\n"),
    ("field called crate", "        ownerId:\n", "        crate:\n"),
    ("field with a space", "        ownerId:\n", "        owner id:\n"),
    ("field with a dash", "        ownerId:\n", "        owner-id:\n"),
    ("field that begins with a digit", "        ownerId:\n", "        2ndOwner:\n"),
    ("field that hides a method", "        ownerId:\n", "        custom:\n"),
    ("field without a description", "        name:\n          description: The name.\n", "        name:\n"),
    ("field without a type", "          type: string\n          x-derived-default: the id", "          x-derived-default: the id"),
    ("field that is an object", "          type: string\n          x-derived-default: the id", "          type: object\n          x-derived-default: the id"),
    ("field with a pattern", "          type: string\n          x-derived-default: the id", "          type: string\n          pattern: '^a$'"),
    ("field of a schema without a type in Rust", "            - $ref: '#/components/schemas/Rating'\n          default: COLD\n", "            - $ref: '#/components/schemas/ErrorResponse'\n"),
    ("list of numbers", "          items:\n            type: string\n        ownerId", "          items:\n            type: number\n        ownerId"),
    ("reference to an unknown object type", "x-references: ACCOUNT", "x-references: ACOUNT"),
    ("required field without an example", "      description: A time.\n      example: '2026-01-15T09:30:00Z'\n", "      description: A time.\n"),
    ("first field that is optional", "required: [objectId, modifiedDate]", "required: [modifiedDate]"),
    ("line format without a load order", "      x-load-order: 1\n", ""),
    ("line format without an example", "      example:\n        objectId: acc-001\n        modifiedDate: '2026-01-15T09:30:00Z'\n", ""),
    ("object type without a line format", "enum: [ACCOUNT]", "enum: [ACCOUNT, STAGE]"),
    ("line format of an unknown object type", "x-object-type: ACCOUNT", "x-object-type: ACCOUNTS"),
    ("retired name of a field that is not there", "lastModified: modifiedDate", "lastModified: modified"),
    ("retired name of a field that is there", "lastModified: modifiedDate", "name: modifiedDate"),
    // Examples
    ("example of another type", "      description: A time.\n      example: '2026-01-15T09:30:00Z'\n", "      description: A time.\n      example: 7\n"),
    ("example that is not in the enum", "      example: HOT\n", "      example: HOTT\n"),
    ("record example with a wrong word", "        modifiedDate: '2026-01-15T09:30:00Z'\n", "        modifiedDate: '2026-01-15T09:30:00Z'\n        rating: CLOD\n"),
    ("record example without a required field", "      example:\n        objectId: acc-001\n        modifiedDate: '2026-01-15T09:30:00Z'\n", "      example:\n        objectId: acc-001\n"),
    // The form of the upload
    ("second part of the form", "                dataFile:\n", "                more:\n                  description: More.\n                  type: string\n                  format: binary\n                dataFile:\n"),
    ("part that is not required", "              required: [dataFile]\n", ""),
    ("encoding of no part", "      responses:\n        '201':\n", "            encoding:\n              datafile:\n                contentType: text/plain\n      responses:\n        '201':\n"),
    ("example line that is not JSON", "      responses:\n        '201':\n", "            examples:\n              accounts:\n                value:\n                  dataFile: |\n                    {\"objectId\":}\n      responses:\n        '201':\n"),
    ("example file of no type", "      responses:\n        '201':\n", "            examples:\n              acounts:\n                value:\n                  dataFile: ''\n      responses:\n        '201':\n"),
    // Rules without effect
    ("two fields with one setter", "          x-derived-default: the id\n", "          x-derived-default: the id\n          x-rust-name: rating\n"),
    ("maximum of a field", "          x-derived-default: the id\n", "          x-derived-default: the id\n          maximum: 9\n"),
    ("minLength of a field", "          x-derived-default: the id\n", "          x-derived-default: the id\n          minLength: 5\n"),
    ("nullable field", "          x-derived-default: the id\n", "          x-derived-default: the id\n          nullable: true\n"),
    ("closed line format", "      additionalProperties: {}\n", "      additionalProperties: false\n"),
    ("field in capitals", "        domains:\n", "        DOMAINS:\n"),
    ("required field with x-when-missing", "          description: The last change.\n", "          description: The last change.\n          x-when-missing: nobody knows\n"),
    ("pattern that is not an expression", "'^[a-z0-9-]+$'", "'^[a-z0-9-+$'"),
    ("bounds without a value between", "          minimum: 1\n", "          minimum: 5\n          maximum: 2\n"),
    ("default below the minimum", "          minimum: 1\n", "          minimum: 1\n          default: 0\n"),
    ("component that nothing refers to", "    ErrorResponse:\n      type: object\n", "    Unused:\n      type: object\n    ErrorResponse:\n      type: object\n"),
    // Security and servers
    ("scope of another operation", "        - bearerToken: ['api:crm:upload']\n      parameters:", "        - bearerToken: []\n      parameters:"),
    ("operation without security", "      security:\n        - accessKey: []\n        - bearerToken: ['api:crm:upload']\n      parameters:", "      security: []\n      parameters:"),
    ("scheme that the client does not know", "      scheme: basic\n", "      scheme: digest\n"),
    ("server with an unknown variable", "tags:\n  - name: CRM\n", "servers:\n  - url: https://{firm}.example\n    variables:\n      company:\n        default: a\ntags:\n  - name: CRM\n"),
    ("misspelt key of a variable", "tags:\n  - name: CRM\n", "servers:\n  - url: https://{firm}.example\n    variables:\n      firm:\n        defualt: a\ntags:\n  - name: CRM\n"),
    ("misspelt key of a code sample", "      operationId: updateMeeting\n", "      operationId: updateMeeting\n      x-codeSamples:\n        - lnag: Shell\n          source: curl\n"),
    ("query in a path", "  /v2/meetings/{meetingId}:\n", "  /v2/meetings/{meetingId}?x=1:\n"),
    // YAML that JSON has not
    ("number that is too large", "          minimum: 1\n", "          minimum: 1e999\n"),
    ("integer that is too long", "          minimum: 1\n", "          minimum: 99999999999999999999\n"),
    ("tag", "          minimum: 1\n", "          minimum: !one 1\n"),
    ("key that is a list", "  version: v2\n", "  version: v2\n  [a, b]: c\n"),
    ("second document", "components:\n  securitySchemes:\n", "---\nopenapi: 3.0.3\ncomponents:\n  securitySchemes:\n"),
];

#[test]
fn each_mistake_has_a_message_with_place_line_and_fix() {
    let mut page = String::new();
    let mut silent = Vec::new();
    for (name, text, instead) in MISTAKES {
        assert_eq!(SMALL.matches(text).count(), 1, "{name}: where is {text:?}?");
        let spec = SMALL.replacen(text, instead, 1);
        let message = match contract(&spec).and_then(|spec| generate(&spec)) {
            Ok(_) => {
                silent.push(*name);
                continue;
            }
            Err(error) => format!("{error:#}"),
        };
        let has_place = message
            .lines()
            .any(|line| line.starts_with("openapi.yaml:") && line.contains(": /"));
        assert!(has_place, "{name}: no place in {message}");
        assert!(message.contains("\n  fix: "), "{name}: no fix in {message}");
        page.push_str(&format!("## {name}\n{message}\n\n"));
    }
    assert!(silent.is_empty(), "nothing was found for {silent:?}");
    insta::assert_snapshot!(page);
}

#[test]
fn small_contract_has_no_mistake() {
    let files = contract(SMALL).and_then(|spec| generate(&spec));
    let files = files.unwrap_or_else(|error| panic!("{error:#}"));
    let is_written = |end: &str| files.iter().any(|file| file.path.ends_with(end));
    for end in [
        "account.rs",
        "account.schema.json",
        "operation.rs",
        "entities.md",
    ] {
        assert!(is_written(end), "{end} is not written");
    }
}

#[test]
fn field_with_a_keyword_as_its_name_gets_another_setter() {
    let spec = SMALL.replace(
        "        ownerId:\n",
        "        type:\n          x-rust-name: account_type\n",
    );
    let files = contract(&spec)
        .and_then(|spec| generate(&spec))
        .unwrap_or_else(|error| panic!("{error:#}"));
    let account = files
        .iter()
        .find(|file| file.path.ends_with("account.rs"))
        .map(|file| file.contents.as_str())
        .unwrap_or_default();
    for expected in ["fn account_type(&self)", "b\",\\\"type\\\":\""] {
        assert!(account.contains(expected), "{expected} is not in {account}");
    }
}

/// Any change of one place of the real contract is either fine or ends in a message with a place:
/// nothing below panics. `CODEGEN_MUTATIONS` says how many of them are tried.
#[test]
fn no_single_change_of_the_contract_makes_codegen_panic() {
    let document: Value =
        serde_yaml_ng::from_str(include_str!("../../../../openapi.yaml")).unwrap();
    let mut pointers = Vec::new();
    places(&document, String::new(), &mut pointers);
    let wanted = std::env::var("CODEGEN_MUTATIONS")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(40);
    let mut random = fastrand::Rng::with_seed(7);
    for number in 0..wanted {
        let pointer = &pointers[random.usize(..pointers.len())];
        let mut changed = document.clone();
        let how = mutate(&mut changed, pointer, random.usize(..MUTATIONS));
        let text = serde_yaml_ng::to_string(&changed).unwrap();
        if let Err(error) = contract(&text).and_then(|spec| generate(&spec)) {
            let message = format!("{error:#}");
            let is_placed = message.contains("openapi.yaml:") && message.contains("\n  fix: ");
            assert!(is_placed, "{number}: {how} {pointer}: {message}");
        }
    }
}

/// The pointer of everything below, except for examples, which are data.
fn places(node: &Value, pointer: String, found: &mut Vec<String>) {
    for (key, value) in super::entries(Some(node)) {
        if key != "example" && key != "examples" {
            places(value, child(&pointer, key), found);
        }
    }
    for (index, value) in node.as_array().into_iter().flatten().enumerate() {
        places(value, child(&pointer, &index.to_string()), found);
    }
    if !pointer.is_empty() {
        found.push(pointer);
    }
}

const MUTATIONS: usize = 10;

/// Changes the place, and says how.
fn mutate(document: &mut Value, pointer: &str, mutation: usize) -> &'static str {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/").replace("~0", "~");
    let value = match mutation {
        0 => {
            match document.pointer_mut(parent) {
                Some(Value::Object(parent)) => drop(parent.shift_remove(&key)),
                Some(Value::Array(parent)) => drop(parent.remove(key.parse().unwrap())),
                _ => {}
            }
            return "removed";
        }
        1 => {
            if let Some(Value::Object(parent)) = document.pointer_mut(parent)
                && let Some(value) = parent.shift_remove(&key)
            {
                parent.insert(format!("{key}x"), value);
            }
            return "renamed";
        }
        2 => Value::Null,
        3 => json!("x"),
        4 => json!(7),
        5 => json!([]),
        6 => json!({}),
        7 => json!(true),
        8 => json!({"$ref": "#/components/schemas/ObjectId"}),
        _ => json!({"type": "object", "properties": {"self": {"type": "array", "items": {}}}}),
    };
    if let Some(place) = document.pointer_mut(pointer) {
        *place = value;
    }
    "replaced"
}
