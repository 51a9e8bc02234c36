//! The objects of an OpenAPI 3.0 document with their keys: a table, walked by [`super::structure`].

/// One kind of object.
pub(super) struct Object {
    /// As a message calls it, with its article.
    pub(super) name: &'static str,
    pub(super) keys: &'static [Key],
    /// The component folder that a reference here must point into; none if it can't be one.
    pub(super) folder: Option<&'static str>,
}

/// One key of an object.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) is_required: bool,
}

/// The required shape of a value.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Text,
    Boolean,
    /// A whole number from 0.
    Count,
    Number,
    Any,
    Object(&'static Object),
    List(&'static Self),
    Map(&'static Self),
    /// `additionalProperties`: a boolean or a schema.
    BooleanOrSchema,
    /// `type` of a schema.
    SchemaType,
    /// Part of OpenAPI or of JSON Schema, but nothing is generated from it; says what to write instead.
    Unsupported(&'static str),
}

const fn key(name: &'static str, shape: Shape) -> Key {
    Key {
        name,
        shape,
        is_required: false,
    }
}

const fn required(name: &'static str, shape: Shape) -> Key {
    Key {
        name,
        shape,
        is_required: true,
    }
}

use Shape::{
    Any, Boolean, BooleanOrSchema, Count, List, Map, Number, SchemaType, Text, Unsupported,
};

const NO_CALLBACKS: Shape = Unsupported("remove it; nothing is generated from callbacks and links");
const ONE_SCHEMA: Shape = Unsupported("describe the value with `schema`");

pub(super) static ROOT: Object = Object {
    name: "an OpenAPI document",
    folder: None,
    keys: &[
        required("openapi", Text),
        required("info", Shape::Object(&INFO)),
        key("servers", List(&Shape::Object(&SERVER))),
        key("tags", List(&Shape::Object(&TAG))),
        required("paths", Map(&Shape::Object(&PATH_ITEM))),
        required("components", Shape::Object(&COMPONENTS)),
        key("security", List(&Map(&List(&Text)))),
        key("externalDocs", Shape::Object(&EXTERNAL_DOCS)),
        key(
            "webhooks",
            Unsupported("remove it; webhooks are OpenAPI 3.1"),
        ),
        key(
            "jsonSchemaDialect",
            Unsupported("remove it; it is OpenAPI 3.1"),
        ),
    ],
};

static INFO: Object = Object {
    name: "`info`",
    folder: None,
    keys: &[
        required("title", Text),
        required("version", Text),
        key("description", Text),
        key("license", Shape::Object(&LICENSE)),
        key("contact", Shape::Object(&CONTACT)),
        key("termsOfService", Text),
        key("summary", Unsupported("remove it; it is OpenAPI 3.1")),
    ],
};

static LICENSE: Object = Object {
    name: "a license",
    folder: None,
    keys: &[required("name", Text), key("url", Text)],
};

static CONTACT: Object = Object {
    name: "a contact",
    folder: None,
    keys: &[key("name", Text), key("url", Text), key("email", Text)],
};

static EXTERNAL_DOCS: Object = Object {
    name: "`externalDocs`",
    folder: None,
    keys: &[required("url", Text), key("description", Text)],
};

static SERVER_VARIABLE: Object = Object {
    name: "a variable of a server",
    folder: None,
    keys: &[
        required("default", Text),
        key("enum", List(&Text)),
        key("description", Text),
    ],
};

static CODE_SAMPLE: Object = Object {
    name: "a code sample",
    folder: None,
    keys: &[
        required("lang", Text),
        required("source", Text),
        key("label", Text),
    ],
};

static SERVER: Object = Object {
    name: "a server",
    folder: None,
    keys: &[
        required("url", Text),
        key("description", Text),
        key("variables", Map(&Shape::Object(&SERVER_VARIABLE))),
    ],
};

static TAG: Object = Object {
    name: "a tag",
    folder: None,
    keys: &[
        required("name", Text),
        key("description", Text),
        key("externalDocs", Shape::Object(&EXTERNAL_DOCS)),
    ],
};

static PATH_ITEM: Object = Object {
    name: "a path",
    folder: None,
    keys: &[
        key("summary", Text),
        key("description", Text),
        key("get", Shape::Object(&OPERATION)),
        key("put", Shape::Object(&OPERATION)),
        key("post", Shape::Object(&OPERATION)),
        key("delete", Shape::Object(&OPERATION)),
        key("patch", Shape::Object(&OPERATION)),
        key(
            "head",
            Unsupported("remove it; only get, put, post, delete and patch are generated"),
        ),
        key(
            "options",
            Unsupported("remove it; only get, put, post, delete and patch are generated"),
        ),
        key(
            "trace",
            Unsupported("remove it; only get, put, post, delete and patch are generated"),
        ),
        key("parameters", List(&Shape::Object(&PARAMETER))),
        key("servers", List(&Shape::Object(&SERVER))),
    ],
};

static OPERATION: Object = Object {
    name: "an operation",
    folder: None,
    keys: &[
        required("operationId", Text),
        required("summary", Text),
        key("description", Text),
        key("tags", List(&Text)),
        key("parameters", List(&Shape::Object(&PARAMETER))),
        key("requestBody", Shape::Object(&REQUEST_BODY)),
        required("responses", Map(&Shape::Object(&RESPONSE))),
        required("security", List(&Map(&List(&Text)))),
        key("deprecated", Boolean),
        key("externalDocs", Shape::Object(&EXTERNAL_DOCS)),
        key("callbacks", NO_CALLBACKS),
        key("servers", List(&Shape::Object(&SERVER))),
        required("x-scope", Text),
        key("x-codeSamples", List(&Shape::Object(&CODE_SAMPLE))),
    ],
};

static PARAMETER: Object = Object {
    name: "a parameter",
    folder: Some("parameters"),
    keys: &[
        required("name", Text),
        required("in", Text),
        key("required", Boolean),
        key("description", Text),
        required("schema", Shape::Object(&SCHEMA)),
        key("content", ONE_SCHEMA),
        key("example", Any),
        key("examples", Map(&Shape::Object(&EXAMPLE))),
        key("style", Text),
        key("explode", Boolean),
        key("allowReserved", Boolean),
        key("allowEmptyValue", Boolean),
        key("deprecated", Boolean),
    ],
};

static HEADER: Object = Object {
    name: "a header",
    folder: Some("headers"),
    keys: &[
        key("description", Text),
        key("required", Boolean),
        required("schema", Shape::Object(&SCHEMA)),
        key("content", ONE_SCHEMA),
        key("example", Any),
        key("examples", Map(&Shape::Object(&EXAMPLE))),
        key("style", Text),
        key("explode", Boolean),
        key("deprecated", Boolean),
    ],
};

static REQUEST_BODY: Object = Object {
    name: "a request body",
    folder: Some("requestBodies"),
    keys: &[
        key("description", Text),
        key("required", Boolean),
        required("content", Map(&Shape::Object(&MEDIA_TYPE))),
    ],
};

static RESPONSE: Object = Object {
    name: "a response",
    folder: Some("responses"),
    keys: &[
        required("description", Text),
        key("headers", Map(&Shape::Object(&HEADER))),
        key("content", Map(&Shape::Object(&MEDIA_TYPE))),
        key("links", NO_CALLBACKS),
    ],
};

static MEDIA_TYPE: Object = Object {
    name: "a media type",
    folder: None,
    keys: &[
        required("schema", Shape::Object(&SCHEMA)),
        key("example", Any),
        key("examples", Map(&Shape::Object(&EXAMPLE))),
        key("encoding", Map(&Shape::Object(&ENCODING))),
        key("itemSchema", Unsupported("remove it; it is OpenAPI 3.2")),
    ],
};

static ENCODING: Object = Object {
    name: "an encoding",
    folder: None,
    keys: &[
        key("contentType", Text),
        key("headers", Map(&Shape::Object(&HEADER))),
        key("style", Text),
        key("explode", Boolean),
        key("allowReserved", Boolean),
    ],
};

static EXAMPLE: Object = Object {
    name: "an example",
    folder: Some("examples"),
    keys: &[
        key("summary", Text),
        key("description", Text),
        key("value", Any),
        key("externalValue", Text),
    ],
};

static COMPONENTS: Object = Object {
    name: "`components`",
    folder: None,
    keys: &[
        required("schemas", Map(&Shape::Object(&SCHEMA))),
        key("parameters", Map(&Shape::Object(&PARAMETER))),
        key("headers", Map(&Shape::Object(&HEADER))),
        key("requestBodies", Map(&Shape::Object(&REQUEST_BODY))),
        key("responses", Map(&Shape::Object(&RESPONSE))),
        key("examples", Map(&Shape::Object(&EXAMPLE))),
        required("securitySchemes", Map(&Shape::Object(&SECURITY_SCHEME))),
        key("callbacks", NO_CALLBACKS),
        key("links", NO_CALLBACKS),
        key(
            "pathItems",
            Unsupported("write the path under `paths`; it is OpenAPI 3.1"),
        ),
    ],
};

static SECURITY_SCHEME: Object = Object {
    name: "a security scheme",
    folder: None,
    keys: &[
        required("type", Text),
        key("description", Text),
        key("scheme", Text),
        key("bearerFormat", Text),
        key("name", Text),
        key("in", Text),
        key("openIdConnectUrl", Text),
        key("flows", Map(&Shape::Object(&FLOW))),
    ],
};

static FLOW: Object = Object {
    name: "an OAuth flow",
    folder: None,
    keys: &[
        key("authorizationUrl", Text),
        key("tokenUrl", Text),
        key("refreshUrl", Text),
        required("scopes", Map(&Text)),
    ],
};

pub(super) static SCHEMA: Object = Object {
    name: "a schema",
    folder: Some("schemas"),
    keys: &[
        key("title", Text),
        key("description", Text),
        key("type", SchemaType),
        key("format", Text),
        key("enum", List(&Any)),
        key("default", Any),
        key("example", Any),
        key("nullable", Boolean),
        key("readOnly", Boolean),
        key("writeOnly", Boolean),
        key("deprecated", Boolean),
        key("required", List(&Text)),
        key("properties", Map(&Shape::Object(&SCHEMA))),
        key("additionalProperties", BooleanOrSchema),
        key("items", Shape::Object(&SCHEMA)),
        key("allOf", List(&Shape::Object(&SCHEMA))),
        key("anyOf", List(&Shape::Object(&SCHEMA))),
        key("oneOf", List(&Shape::Object(&SCHEMA))),
        key("not", Shape::Object(&SCHEMA)),
        key("minLength", Count),
        key("maxLength", Count),
        key("minItems", Count),
        key("maxItems", Count),
        key("minProperties", Count),
        key("maxProperties", Count),
        key("minimum", Number),
        key("maximum", Number),
        key("multipleOf", Number),
        key("exclusiveMinimum", Boolean),
        key("exclusiveMaximum", Boolean),
        key("uniqueItems", Boolean),
        key("pattern", Text),
        key("externalDocs", Shape::Object(&EXTERNAL_DOCS)),
        key("xml", Unsupported("remove it; bodies are JSON")),
        key(
            "discriminator",
            Unsupported("remove it; no record names its own type"),
        ),
        key(
            "const",
            Unsupported("use `enum` with one value; `const` is OpenAPI 3.1"),
        ),
        key(
            "examples",
            Unsupported("use `example`; a list is OpenAPI 3.1"),
        ),
        key(
            "$defs",
            Unsupported("use `components/schemas`; `$defs` is OpenAPI 3.1"),
        ),
        key("prefixItems", Unsupported("use `items`; it is OpenAPI 3.1")),
        key(
            "patternProperties",
            Unsupported("use `additionalProperties`; it is OpenAPI 3.1"),
        ),
        key("if", Unsupported("remove it; it is OpenAPI 3.1")),
        key("then", Unsupported("remove it; it is OpenAPI 3.1")),
        key("else", Unsupported("remove it; it is OpenAPI 3.1")),
        key(
            "contentEncoding",
            Unsupported("use `format`; it is OpenAPI 3.1"),
        ),
        key(
            "contentMediaType",
            Unsupported("use `format`; it is OpenAPI 3.1"),
        ),
        key("x-line-schema", Shape::Object(&SCHEMA)),
        key("x-object-type", Text),
        key("x-load-order", Count),
        key("x-entity-schema", Boolean),
        key("x-file-stem", Text),
        key("x-retired-names", Map(&Text)),
        key("x-required-unless-deleted", Boolean),
        key("x-references", Text),
        key("x-when-missing", Text),
        key("x-derived-default", Text),
        key("x-discouraged", Text),
        key("x-undocumented", Boolean),
        key("x-rust-name", Text),
        key("x-strict-pattern", Text),
    ],
};
