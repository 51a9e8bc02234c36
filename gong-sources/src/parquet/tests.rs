//! Part files on disk, good and bad.

use std::fs::File;
use std::path::PathBuf;

use arrow_array::{
    Array as _, ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use gong_crm::ObjectType;
use gong_crm::check::Lines;
use gong_crm::push::Records;
use gong_crm::source::Completeness;
use parquet::arrow::ArrowWriter;
use parquet::data_type::{ByteArrayType, Int96, Int96Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a part with these ids.
    fn part(&self, name: &str, ids: ArrayRef) {
        let rows = ids.len();
        let modified = TimestampMicrosecondArray::from(vec![1_768_469_400_000_000; rows]);
        let modified: ArrayRef = Arc::new(modified.with_timezone("UTC"));
        let names: ArrayRef = Arc::new(StringArray::from(vec![Some("Ada"); rows]));
        let columns = [
            ("objectId", ids),
            ("modifiedDate", modified),
            ("name", names),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        let file = File::create(self.path(name)).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    /// Reads all parts; returns the read and the lines.
    async fn read(&self) -> Result<(Read, String), String> {
        let url = SecretUrl::resolve(self.0.path().to_str().unwrap(), Path::new("")).unwrap();
        let options = SourceOptions {
            is_complete: true,
            ..SourceOptions::default()
        };
        let source = ParquetSource::new(&url, Path::new("")).unwrap();
        let source = source.take(Take::Parts).options(options);
        let mut records = Records::new();
        let read = records.add_source(ObjectType::Account, &source).await;
        let read = read.map_err(|error| error.to_string())?;
        let Lines::Converted(lines) = records.inputs().unwrap().remove(0).lines else {
            return Err("nothing was converted".to_owned());
        };
        Ok((read, std::fs::read_to_string(lines.path()).unwrap()))
    }
}

fn ids(ids: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(ids.to_vec()))
}

#[tokio::test]
async fn parts_become_records_with_ids_as_text() {
    let folder = Folder::new();
    folder.part("a.parquet", ids(&[1, 2]));
    folder.part("b.parquet", ids(&[9_007_199_254_740_993]));
    std::fs::write(folder.path("_SUCCESS"), "").unwrap();
    let (read, lines) = folder.read().await.unwrap();
    let expected = [1, 2, 9_007_199_254_740_993_i64].map(|id| {
        let id = format!("\"objectId\":\"{id}\"");
        format!("{{{id},\"modifiedDate\":\"2026-01-15T09:30:00Z\",\"name\":\"Ada\"}}\n")
    });
    assert_eq!(lines, expected.concat());
    assert_eq!(read.completeness, Completeness::Complete);
    assert_eq!((read.parts, read.marker.is_some()), (2, true));
    assert_eq!(folder.read().await.unwrap().0.stamp, read.stamp);
}

#[tokio::test]
async fn marker_of_an_earlier_export_says_nothing() {
    let folder = Folder::new();
    std::fs::write(folder.path("_SUCCESS"), "").unwrap();
    folder.part("a.parquet", ids(&[1]));
    let marker = File::options().write(true).open(folder.path("_SUCCESS"));
    let yesterday = std::time::SystemTime::now() - std::time::Duration::from_hours(24);
    marker.unwrap().set_modified(yesterday).unwrap();
    assert_eq!(folder.read().await.unwrap().0.marker, None);
}

#[tokio::test]
async fn manifest_counts_only_if_it_is_newer_than_its_parts() {
    let folder = Folder::new();
    folder.part("a.parquet", ids(&[1]));
    folder.part("b.parquet", ids(&[2]));
    // b.parquet is left from an earlier export.
    let write = |text: &str| std::fs::write(folder.path("manifest"), text).unwrap();
    write(r#"{"entries":[{"url":"s3://x/leads/a.parquet"}]}"#);
    let (read, lines) = folder.read().await.unwrap();
    assert_eq!((read.parts, read.marker.is_some()), (1, true));
    assert!(!lines.contains("\"objectId\":\"2\""), "{lines}");

    write(r#"{"entries":[{"url":"s3://x/leads/a.parquet"},{"url":"s3://x/leads/b.parquet"}]}"#);
    let (read, _) = folder.read().await.unwrap();
    assert_eq!((read.parts, read.marker.is_some()), (2, true));
    let manifest = File::options().write(true).open(folder.path("manifest"));
    let yesterday = std::time::SystemTime::now() - std::time::Duration::from_hours(24);
    manifest.unwrap().set_modified(yesterday).unwrap();
    let (read, _) = folder.read().await.unwrap();
    assert_eq!((read.parts, read.marker), (2, None));

    write(r#"{"files":["a.parquet","b.parquet"]}"#);
    let (read, _) = folder.read().await.unwrap();
    assert_eq!((read.parts, read.marker), (2, None));
}

#[tokio::test]
async fn half_written_part_fails_the_read_and_is_named() {
    let folder = Folder::new();
    folder.part("a.parquet", ids(&[1]));
    folder.part("b.parquet", ids(&[2]));
    let whole = std::fs::read(folder.path("b.parquet")).unwrap();
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        std::fs::write(folder.path("b.parquet"), &whole[..length]).unwrap();
        let error = folder.read().await.unwrap_err();
        let expected = "source cannot be read: b.parquet: it ";
        assert!(error.starts_with(expected), "{length}: {error}");
    }
}

#[tokio::test]
async fn type_that_changes_between_parts_fails_the_read() {
    let folder = Folder::new();
    folder.part("a.parquet", ids(&[1]));
    folder.part("b.parquet", Arc::new(StringArray::from(vec!["2"])));
    let error = folder.read().await.unwrap_err();
    let expected = "b.parquet: column \"objectId\" has text, but numbers in a.parquet";
    assert!(error.contains(expected), "{error}");
}

#[tokio::test]
async fn folders_give_columns() {
    let folder = Folder::new();
    folder.part("region=eu%3Awest/a.parquet", ids(&[1]));
    let (_, lines) = folder.read().await.unwrap();
    assert!(lines.contains("\"region\":\"eu:west\""), "{lines}");
}

#[tokio::test]
async fn decimal_without_a_fraction_is_an_id() {
    let folder = Folder::new();
    let id = 9_007_199_254_740_993_000_000_000_i128;
    let decimals = Decimal128Array::from(vec![id]);
    let decimals = decimals.with_precision_and_scale(38, 9).unwrap();
    folder.part("a.parquet", Arc::new(decimals));
    let (_, lines) = folder.read().await.unwrap();
    let expected = "\"objectId\":\"9007199254740993\"";
    assert!(lines.contains(expected), "{lines}");
}

#[tokio::test]
async fn null_partition_is_a_column_without_a_value() {
    let folder = Folder::new();
    folder.part("region=eu/a.parquet", ids(&[1]));
    folder.part("region=__HIVE_DEFAULT_PARTITION__/b.parquet", ids(&[2]));
    let (_, lines) = folder.read().await.unwrap();
    assert_eq!(lines.matches("\"region\":\"eu\"").count(), 1, "{lines}");
    assert_eq!(lines.lines().count(), 2, "{lines}");
}

/// Writes a part as Spark does, with times of 96 bits on this day of the Julian calendar.
fn part_with_int96(folder: &Folder, day: u32) {
    let text = "message m { required binary objectId (UTF8); required int96 modifiedDate; \
                required binary name (UTF8); }";
    let schema = Arc::new(parquet::schema::parser::parse_message_type(text).unwrap());
    let file = File::create(folder.path("a.parquet")).unwrap();
    let mut writer =
        SerializedFileWriter::new(file, schema, Arc::new(WriterProperties::default())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut time = Int96::new();
    time.set_data(0, 0, day);
    for (place, text) in ["a-1", "", "Ada"].into_iter().enumerate() {
        let mut column = group.next_column().unwrap().unwrap();
        if place == 1 {
            let column = column.typed::<Int96Type>();
            column.write_batch(&[time], None, None).unwrap();
        } else {
            let column = column.typed::<ByteArrayType>();
            column.write_batch(&[text.into()], None, None).unwrap();
        }
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
}

#[tokio::test]
async fn int96_is_right_in_all_years_and_an_error_beyond() {
    let folder = Folder::new();
    // 9999-12-30 and 1600-01-01.
    for (day, date) in [(5_373_483, "9999-12-30"), (2_305_448, "1600-01-01")] {
        part_with_int96(&folder, day);
        let of_file = open_in(&folder).await.unwrap();
        let (part, of_file, builder) = of_file;
        let mut batches = builder.build().unwrap();
        let batch = batches.try_next().await.unwrap().unwrap();
        let mut text = Vec::new();
        batch::write(&batch, &of_file, &part.partitions, 0, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains(&format!("\"{date}T00:00:00\"")), "{text}");
    }
    part_with_int96(&folder, 9_000_000);
    let error = folder.read().await.unwrap_err();
    let expected = "a.parquet: column \"modifiedDate\", row 1: a time outside of the years";
    assert!(error.contains(expected), "{error}");
}

async fn open_in(folder: &Folder) -> Result<Opened, SourceError> {
    let url = SecretUrl::resolve(folder.0.path().to_str().unwrap(), Path::new("")).unwrap();
    let location = Location::parse(&url, Path::new("")).unwrap();
    let store = location.connect().unwrap();
    let found = Parts::find(&store, &location, Take::Parts).await?;
    open(store, found.files[0].clone()).await
}

#[tokio::test]
async fn part_that_vanishes_while_it_is_read_is_named() {
    let folder = Folder::new();
    folder.part("a.parquet", ids(&[1]));
    let url = SecretUrl::resolve(folder.0.path().to_str().unwrap(), Path::new("")).unwrap();
    let location = Location::parse(&url, Path::new("")).unwrap();
    let store = location.connect().unwrap();
    let found = Parts::find(&store, &location, Take::Parts).await.unwrap();
    std::fs::remove_file(folder.path("a.parquet")).unwrap();
    let opened = open(store, found.files[0].clone()).await;
    let error = opened.err().unwrap().to_string();
    assert!(
        error.contains("a.parquet: it does not exist any more"),
        "{error}"
    );
}
