//! `gong-crm json-schema`: the JSON Schema of a line.

use serde_json::Value;

use crate::args::json_schema::JsonSchema;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn run(arguments: &JsonSchema, output: Output) -> Exit {
    let text = arguments.object_type.line_format().json_schema_text();
    let pretty = serde_json::from_str::<Value>(text)
        .and_then(|schema| serde_json::to_string_pretty(&schema));
    match pretty {
        Ok(pretty) if !output.is_json() => output.raw(&pretty),
        _ => output.raw(text),
    }
    Exit::Ok
}
