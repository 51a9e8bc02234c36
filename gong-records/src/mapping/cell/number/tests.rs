//! Numbers as people write them, and what is not one.

use super::*;

#[test]
fn dash_for_no_cents_is_not_a_minus() {
    let currency = Words::from(vec!["€".to_owned(), "CHF".to_owned()]);
    let german = Numbers::new(',', Some('.'), &currency).unwrap();
    let swiss = Numbers::new('.', Some('\''), &currency).unwrap();
    for (numbers, cell, expected) in [
        (&german, "1.000,-", "1000"),
        (&german, "500,- €", "500"),
        (&german, "-1.000,-", "-1000"),
        (&german, "500.-", "500"),
        (&swiss, "CHF 1'000.-", "1000"),
    ] {
        assert_eq!(numbers.read(cell).ok().as_deref(), Some(expected), "{cell}");
    }
}

#[test]
fn lakhs_and_full_width_digits_are_read() {
    let rupees = Numbers::new('.', Some(','), &["₹", "¥"].into()).unwrap();
    for (cell, expected) in [
        ("₹1,23,456.00", Some("123456.00")),
        ("12,34,56,789", Some("123456789")),
        ("¥１,２３４", Some("1234")),
        ("１２３４．５", Some("1234.5")),
        ("1,23,45", None),
        ("123,45,678", None),
        ("1,2,345", None),
        ("12,345", Some("12345")),
    ] {
        assert_eq!(rupees.read(cell).ok().as_deref(), expected, "{cell}");
    }
    let german = Numbers::new(',', Some('.'), &Words::default()).unwrap();
    assert!(german.read("1.23.456").is_err());
}

#[test]
fn scale_moves_the_point_and_keeps_digits() {
    for (number, factor, expected) in [
        ("12345", "0.01", "123.45"),
        ("5", "0.01", "0.05"),
        ("-5", "0.001", "-0.005"),
        ("12.5", "1000", "12500"),
        ("1.2345", "10", "12.345"),
        ("0", "0.01", "0.00"),
    ] {
        let places = power_of_ten(factor).unwrap();
        assert_eq!(
            shift(number, places).as_deref(),
            Some(expected),
            "{number} {factor}"
        );
    }
    for factor in ["0.5", "2", "0", "", "x", "1.1"] {
        assert!(power_of_ten(factor).is_err(), "{factor}");
    }
    assert_eq!(shift("1e5", -2), None);
}

#[test]
fn rates_multiply_exactly() {
    for (number, rate, expected) in [
        ("12500", "0.92", "11500"),
        ("3200.50", "1.1", "3520.55"),
        ("-0.1", "0.3", "-0.03"),
        ("0", "1.1", "0"),
    ] {
        assert_eq!(
            multiply(number, rate).as_deref(),
            Some(expected),
            "{number} {rate}"
        );
    }
    assert_eq!(multiply("1e5", "2"), None);
    assert_eq!(multiply("1", "x"), None);
}

#[test]
fn plain_numbers_are_read_as_others_are() {
    let euros = |thousands| Numbers::new(',', thousands, &["€", "EUR"].into()).unwrap();
    let numbers = [
        Numbers::default(),
        euros(None),
        euros(Some('.')),
        euros(Some(' ')),
        Numbers::new('.', Some('\''), &["US$", "$"].into()).unwrap(),
    ];
    let mut plain = 0;
    for numbers in numbers {
        for cell in [
            "0",
            "1",
            "12",
            "1234",
            "0,5",
            "0.5",
            "00",
            "007",
            "1.234",
            "1.234,50 €",
            "€ 1.234,50",
            "1 234,50 eur",
            "1 234,50 EUR",
            "12.34",
            "1.2345",
            "1234.567",
            ".5",
            ",5",
            "5,",
            "5.",
            "-5",
            "(5)",
            "+5",
            "1e5",
            "1.5e3",
            "1'234'567.8",
            "$5",
            "US$5",
            "5 US$",
            "1.234.56",
            "1..234",
            "",
            "€",
            "1,2,3",
            "１２",
        ] {
            let mut line = b"x".to_vec();
            if numbers.append_plain(cell, &mut line) {
                plain += 1;
                let read = numbers.read(cell).unwrap();
                assert_eq!(
                    String::from_utf8(line).unwrap(),
                    format!("x{read}"),
                    "{cell}"
                );
            } else {
                assert_eq!(line, b"x");
            }
        }
    }
    assert!(plain > 30, "{plain}");
}

#[test]
fn signs_may_be_on_either_side_of_a_currency() {
    let dollars = Numbers::new('.', Some(','), &["$", "US$"].into()).unwrap();
    for (cell, number) in [
        ("-$99.00", "-99.00"),
        ("$-99.00", "-99.00"),
        ("($1,234.00)", "-1234.00"),
        ("$(1,234.00)", "-1234.00"),
        ("-US$ 5", "-5"),
        ("US$1,234.00", "1234.00"),
        ("$ 99-", "-99"),
        ("+$99", "99"),
    ] {
        assert_eq!(dollars.read(cell).as_deref(), Ok(number), "{cell}");
    }
    for cell in ["-$-99", "(-$99)", "$", "1.2M"] {
        assert!(dollars.read(cell).is_err(), "{cell}");
    }
    let reais = Numbers::new(',', Some('.'), &["R$"].into()).unwrap();
    assert_eq!(reais.read("R$ 1.234,56").as_deref(), Ok("1234.56"));
    assert_eq!(reais.read("-R$ 99,00").as_deref(), Ok("-99.00"));
    let kronor = Numbers::new(',', Some(' '), &["kr"].into()).unwrap();
    assert_eq!(kronor.read("1 234,50 kr").as_deref(), Ok("1234.50"));
}

fn german() -> Numbers {
    Numbers::new(',', Some('.'), &["€", "EUR"].into()).unwrap()
}

#[test]
fn german_numbers_keep_every_digit() {
    for (cell, number) in [
        ("1.234,56", "1234.56"),
        ("1.250,10", "1250.10"),
        ("1234,5", "1234.5"),
        ("1.234", "1234"),
        ("1.234.567", "1234567"),
        (
            "12345678901234567890,123456789",
            "12345678901234567890.123456789",
        ),
        ("0,5", "0.5"),
        (",5", "0.5"),
        ("5,", "5"),
        ("007,50", "7.50"),
        ("-1.234,56", "-1234.56"),
        ("− 12", "-12"),
        ("1.234,56-", "-1234.56"),
        ("(1.234,56)", "-1234.56"),
        ("+3", "3"),
        ("1.234,56 €", "1234.56"),
        ("€ 1.234,56", "1234.56"),
        ("1.234,56\u{a0}eur", "1234.56"),
    ] {
        assert_eq!(german().read(cell).as_deref(), Ok(number), "{cell}");
    }
}

#[test]
fn ambiguous_value_is_rejected() {
    for cell in [
        "12.5",
        "1.23",
        "1.2345",
        "1234.567",
        ".123",
        "1,234,567",
        "1,234.56",
        "12 5",
        "abc",
        "",
        "-",
        ",",
        "1e5",
        "1.234,5.6",
        "$ 5",
        "--5",
        "٣",
    ] {
        assert!(german().read(cell).is_err(), "{cell}");
    }
}

#[test]
fn other_signs_are_a_matter_of_the_mapping() {
    let read = |decimal, thousands, cell: &str| {
        Numbers::new(decimal, thousands, &["$"].into())
            .unwrap()
            .read(cell)
    };
    for (decimal, thousands, cell, number) in [
        ('.', Some(','), "$1,234.56", "1234.56"),
        ('.', None, "1e5", "1e5"),
        ('.', None, "-0", "-0"),
        (',', Some(' '), "1\u{202f}234\u{a0}567,8", "1234567.8"),
        ('.', Some('\''), "1’234.50", "1234.50"),
    ] {
        assert_eq!(
            read(decimal, thousands, cell).as_deref(),
            Ok(number),
            "{cell}"
        );
    }
    assert!(read('.', None, "1,234").is_err());
    assert!(Numbers::new(',', Some(','), &Words::default()).is_err());
    assert!(Numbers::new('5', None, &Words::default()).is_err());
}

#[test]
fn whole_numbers_and_percents_have_their_own_ways() {
    assert_eq!(german().integer("3,00").as_deref(), Ok("3"));
    assert!(german().integer("3,50").is_err());
    assert_eq!(german().percent("12,5 %").as_deref(), Ok("12.5"));
    assert_eq!(german().percent("80%").as_deref(), Ok("80"));
}
