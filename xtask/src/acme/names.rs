//! What are people, companies and their trades called in each country of the example?
//!
//! Every name is made up from parts, so that no customer of anyone appears. A pool is one
//! comma-separated string; `Text=ascii` gives the spelling used in domains and email addresses,
//! and a bare `Text` is spelt there in lower case.

/// One name and the way it is spelt in a domain or an email address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    text: &'static str,
    ascii: Option<&'static str>,
}

impl Name {
    fn parse(entry: &'static str) -> Self {
        match entry.trim().split_once('=') {
            Some((text, ascii)) => Self {
                text,
                ascii: Some(ascii),
            },
            None => Self {
                text: entry.trim(),
                ascii: None,
            },
        }
    }

    /// The name as its owner writes it.
    pub(super) const fn text(self) -> &'static str {
        self.text
    }

    /// The name in lower-case ASCII letters and hyphens.
    pub(super) fn ascii(self) -> String {
        self.ascii
            .map_or_else(|| self.text.to_ascii_lowercase(), str::to_owned)
    }
}

/// The pools of one country.
#[derive(Debug)]
pub(super) struct Country {
    pub(super) winter_offset_hours: i8,
    pub(super) summer_offset_hours: i8,
    pub(super) given_names: Vec<Name>,
    pub(super) family_names: Vec<Name>,
    pub(super) company_stems: Vec<Name>,
    pub(super) trades: Vec<Name>,
    /// What a plant's manager is called at home.
    pub(super) plant_manager: &'static str,
    /// How a company name is put together from `{stem}` and `{trade}`.
    pub(super) company_patterns: &'static [&'static str],
    /// The same for a small firm, from `{family}` and `{trade}`.
    pub(super) firm_pattern: &'static str,
}

/// How many names each pool of a country holds; a test holds the pools to it.
pub(super) const FAMILY_NAMES: u64 = 12;
pub(super) const COMPANY_STEMS: u64 = 10;
pub(super) const TRADES: u64 = 5;
pub(super) const COUNTRIES: u64 = 10;

struct Source {
    offset_hours: (i8, i8),
    given_names: &'static str,
    family_names: &'static str,
    company_stems: &'static str,
    trades: &'static str,
    plant_manager: &'static str,
    company_patterns: &'static [&'static str],
    firm_pattern: &'static str,
}

/// All countries, always in the same order.
pub(super) fn countries() -> Vec<Country> {
    let pool = |entries: &'static str| entries.split(',').map(Name::parse).collect();
    SOURCES
        .iter()
        .map(|source| Country {
            winter_offset_hours: source.offset_hours.0,
            summer_offset_hours: source.offset_hours.1,
            given_names: pool(source.given_names),
            family_names: pool(source.family_names),
            company_stems: pool(source.company_stems),
            trades: pool(source.trades),
            plant_manager: source.plant_manager,
            company_patterns: source.company_patterns,
            firm_pattern: source.firm_pattern,
        })
        .collect()
}

const SOURCES: [Source; 10] = [
    // Germany
    Source {
        offset_hours: (1, 2),
        given_names: "Jürgen=juergen, Käthe=kaethe, Björn=bjoern, Annika, Matthias, Sönke=soenke, \
                      Friederike, Günther=guenther",
        family_names: "Müller=mueller, Schröder=schroeder, Weiß=weiss, Köhler=koehler, \
                       Jäger=jaeger, Hoffmann, Krüger=krueger, Böhm=boehm, Vogt, \
                       Großmann=grossmann, Lindner, Dörr=doerr",
        company_stems: "Falkenrieder, Öschelbach=oeschelbach, Grünwaldt=gruenwaldt, \
                        Hüttenried=huettenried, Brachtaler, Weißkirchner=weisskirchner, \
                        Nordhäger=nordhaeger, Tannbrück=tannbrueck, Steinfurter, \
                        Kälberauer=kaelberauer",
        trades: "Pressteile, Gießerei=giesserei, Werkzeugbau, Federn & Drahtwerk=federn, Getriebe",
        plant_manager: "Werkleitung",
        company_patterns: &[
            "{stem} {trade} GmbH",
            "{stem} {trade} AG",
            "{stem} & Söhne {trade} GmbH & Co. KG",
        ],
        firm_pattern: "{family} {trade}",
    },
    // France
    Source {
        offset_hours: (1, 2),
        given_names: "Amélie=amelie, François=francois, Zoé=zoe, Jérôme=jerome, Hélène=helene, \
                      Loïc=loic, Céline=celine, Benoît=benoit",
        family_names: "Lefèvre=lefevre, Béranger=beranger, D'Aubigny=daubigny, Gaudin, \
                       Château=chateau, Noël=noel, Besançon=besancon, Rivière=riviere, \
                       L'Hôte=lhote, Perrault, Clément=clement, Desbœufs=desboeufs",
        company_stems: "Valmorin, Cévignac=cevignac, Roquebelle, Pontferrand, Beauclaire, \
                        Sainte-Orée=sainte-oree, Mirevoix, Hautegarde, Clairfontenay, \
                        Brévillon=brevillon",
        trades: "Mécanique=mecanique, Fonderie, Emboutissage, Câblage=cablage, \
                 Découpe laser=decoupe-laser",
        plant_manager: "Direction d'usine",
        company_patterns: &[
            "{trade} {stem} SAS",
            "{stem} {trade} SARL",
            "Établissements {stem} – {trade}",
        ],
        firm_pattern: "{trade} {family}",
    },
    // Poland
    Source {
        offset_hours: (1, 2),
        given_names: "Łukasz=lukasz, Małgorzata=malgorzata, Paweł=pawel, Agnieszka, \
                      Świętosław=swietoslaw, Żaneta=zaneta, Michał=michal, Bożena=bozena",
        family_names: "Nowak, Wójcik=wojcik, Krawczyk, Zając=zajac, Król=krol, Wróbel=wrobel, \
                       Dudek, Pająk=pajak, Sikora, Gołąb=golab, Mróz=mroz, \
                       Włodarczyk=wlodarczyk",
        company_stems: "Brzezinowo, Złotowiec=zlotowiec, Kamieńczów=kamienczow, \
                        Dąbrzyca=dabrzyca, Wiślanka=wislanka, Jeziorzec, Olszówiec=olszowiec, \
                        Stalowiec, Górzanów=gorzanow, Żelaznik=zelaznik",
        trades: "Odlewnia, Narzędzia=narzedzia, Tłocznia=tlocznia, Napędy=napedy, \
                 Obróbka CNC=obrobka",
        plant_manager: "Kierownik zakładu",
        company_patterns: &["{stem} {trade} Sp. z o.o.", "{trade} {stem} S.A."],
        firm_pattern: "{trade} {family}",
    },
    // Japan
    Source {
        offset_hours: (9, 9),
        given_names: "陽菜=hina, 健太=kenta, 美咲=misaki, 大輔=daisuke, 由美=yumi, 拓也=takuya, \
                      恵子=keiko, 蓮=ren",
        family_names: "佐藤=sato, 鈴木=suzuki, 高橋=takahashi, 田中=tanaka, 渡辺=watanabe, \
                       伊藤=ito, 山本=yamamoto, 中村=nakamura, 小林=kobayashi, 加藤=kato, \
                       吉田=yoshida, 山田=yamada",
        company_stems: "桜ヶ峰=sakuragamine, 青嵐=seiran, 白鷺=shirasagi, 星見台=hoshimidai, \
                        月影=tsukikage, 朝霧=asagiri, 緑水=ryokusui, 雪渓=sekkei, \
                        鶴ノ原=tsurunohara, 紅葉沢=momijizawa",
        trades: "精機=seiki, 製作所=seisakusho, 鋳造=chuzo, 歯車=haguruma, 樹脂=jushi",
        plant_manager: "工場長",
        company_patterns: &["株式会社{stem}{trade}", "{stem}{trade}株式会社"],
        firm_pattern: "{family}{trade}",
    },
    // Greece
    Source {
        offset_hours: (2, 3),
        given_names: "Ελένη=eleni, Νίκος=nikos, Κατερίνα=katerina, Γιώργος=giorgos, \
                      Δήμητρα=dimitra, Σπύρος=spyros, Ιωάννα=ioanna, Θανάσης=thanasis",
        family_names: "Παπανικολάου=papanikolaou, Οικονόμου=oikonomou, Βασιλείου=vasileiou, \
                       Γεωργίου=georgiou, Δημητρίου=dimitriou, Αθανασίου=athanasiou, \
                       Ιωάννου=ioannou, Χριστοδούλου=christodoulou, Αντωνίου=antoniou, \
                       Παπαγεωργίου=papageorgiou, Κωνσταντίνου=konstantinou, Νικολάου=nikolaou",
        company_stems: "Αιγίδα=aigida, Θαλασσινός=thalassinos, Ανεμόεσσα=anemoessa, \
                        Χαλκοπέτρα=chalkopetra, Ηλιοστάσι=iliostasi, Σιδηροβούνι=sidirovouni, \
                        Αργυρόλιθος=argyrolithos, Κεραυνός=keravnos, Μελισσόκηπος=melissokipos, \
                        Φωτόπετρα=fotopetra",
        trades: "Χυτήρια=chytiria, Μεταλλουργία=metallourgia, Εργαλεία=ergaleia, \
                 Μηχανολογία=michanologia, Πλαστικά=plastika",
        plant_manager: "Διευθυντής εργοστασίου",
        company_patterns: &["{stem} {trade} Α.Ε.", "{trade} {stem} Ε.Π.Ε."],
        firm_pattern: "{trade} {family}",
    },
    // United States
    Source {
        offset_hours: (-5, -4),
        given_names: "Zoë=zoe, Marcus, Imani, Connor, Siobhán=siobhan, Dwayne, Priya, Chloé=chloe",
        family_names: "O'Malley=omalley, Whitfield, Okafor, Ramírez-Cole=ramirez-cole, Hargrove, \
                       McAllister, Nguyen, Fitzgerald, Abernathy, St. John=st-john, Castellano, \
                       D'Souza=dsouza",
        company_stems: "Copperhollow, Bluestem, Ironbrook, Larkspur, Quarrystone, \
                        \"Lucky\" Redwater=lucky-redwater, Millbend, Harborline, \
                        Prairie Sky=prairie-sky, Foxglove",
        trades: "Castings, Stamping & Die=stamping, Gearworks, Plastics, Fasteners",
        plant_manager: "Plant Manager",
        company_patterns: &[
            "{stem} {trade}, Inc.",
            "{stem} {trade} LLC",
            "{stem} {trade} Co.",
        ],
        firm_pattern: "{family} {trade}",
    },
    // Mexico
    Source {
        offset_hours: (-6, -6),
        given_names: "José=jose, Begoña=begona, Andrés=andres, Lucía=lucia, Íñigo=inigo, Ximena, \
                      Raúl=raul, Inés=ines",
        family_names: "Muñoz=munoz, Núñez=nunez, Peña Ríos=pena-rios, Ibáñez=ibanez, \
                       Ordóñez=ordonez, Güemes=guemes, Zúñiga=zuniga, Castañeda=castaneda, \
                       Vidal, Sáenz=saenz, Quiñones=quinones, Belmonte",
        company_stems: "Peñablanca=penablanca, Río Verdejo=rio-verdejo, \
                        Montecálido=montecalido, Aguafría=aguafria, Torrealmena, \
                        Campoñero=camponero, Valdeluna, Sierra Añil=sierra-anil, Cobrelindo, \
                        Piedramar",
        trades: "Fundición=fundicion, Troquelados, Engranes, Moldes y Matrices=moldes, Autopartes",
        plant_manager: "Gerencia de planta",
        company_patterns: &["{trade} {stem}, S.A. de C.V.", "{trade} {stem} S. de R.L."],
        firm_pattern: "{trade} {family}",
    },
    // Sweden
    Source {
        offset_hours: (1, 2),
        given_names: "Åsa=asa, Björn=bjorn, Märta=marta, Göran=goran, Linnéa=linnea, \
                      Örjan=orjan, Sofia, Håkan=hakan",
        family_names: "Lindqvist, Åkesson=akesson, Sjöberg=sjoberg, Öberg=oberg, \
                       Hällström=hallstrom, Nyström=nystrom, Björk=bjork, Dahlgren, \
                       Wikström=wikstrom, Ekström=ekstrom, Bergqvist, Åström=astrom",
        company_stems: "Älvhamra=alvhamra, Storbruk, Granfallet, Kopparnäs=kopparnas, \
                        Österhult=osterhult, Järnhamra=jarnhamra, Sånghem=sanghem, Vintermo, \
                        Björkfallet=bjorkfallet, Röksta=roksta",
        trades: "Gjuteri, Verkstad, Plåt=plat, Kugghjul, Verktyg",
        plant_manager: "Fabrikschef",
        company_patterns: &["{stem} {trade} AB", "AB {stem} {trade}"],
        firm_pattern: "{family} {trade}",
    },
    // Czechia
    Source {
        offset_hours: (1, 2),
        given_names: "Jiří=jiri, Markéta=marketa, Ondřej=ondrej, Tomáš=tomas, Zdeněk=zdenek, \
                      Kateřina=katerina, Vojtěch=vojtech, Šárka=sarka",
        family_names: "Krejčí=krejci, Dolejší=dolejsi, Hořejší=horejsi, Jirků=jirku, \
                       Martinů=martinu, Kočí=koci, Petrů=petru, Janů=janu, Šerých=serych, \
                       Veselých=veselych, Dlouhých=dlouhych, Černých=cernych",
        company_stems: "Železohoří=zelezohori, Březovka=brezovka, Třešňov=tresnov, Hutislav, \
                        Řekovice=rekovice, Skálohrad=skalohrad, Jestřábec=jestrabec, \
                        Lučinka=lucinka, Modřínek=modrinek, Strojislav",
        trades: "Slévárna=slevarna, Nástroje=nastroje, Lisovna, Převodovky=prevodovky, \
                 Strojírna=strojirna",
        plant_manager: "Vedoucí závodu",
        company_patterns: &["{stem} {trade} s.r.o.", "{trade} {stem} a.s."],
        firm_pattern: "{trade} {family}",
    },
    // Turkey
    Source {
        offset_hours: (3, 3),
        given_names: "Ayşe=ayse, Çağlar=caglar, Gülşah=gulsah, İbrahim=ibrahim, Ömer=omer, \
                      Şebnem=sebnem, Yiğit=yigit, Zeynep",
        family_names: "Yılmaz=yilmaz, Çelik=celik, Şahin=sahin, Öztürk=ozturk, Aydın=aydin, \
                       Kılıç=kilic, Doğan=dogan, Güneş=gunes, Korkmaz, Işık=isik, \
                       Özdemir=ozdemir, Tunç=tunc",
        company_stems: "Demirkent, Gökçeova=gokceova, Altınırmak=altinirmak, \
                        Yıldızköy=yildizkoy, Karaçınar=karacinar, Gümüşsu=gumussu, \
                        Şimşekova=simsekova, Akçagöl=akcagol, Bozyaylak, Üçkaynak=uckaynak",
        trades: "Döküm=dokum, Kalıp=kalip, Dişli=disli, Sac İşleme=sac, Plastik",
        plant_manager: "Fabrika Müdürü",
        company_patterns: &[
            "{stem} {trade} A.Ş.",
            "{stem} {trade} San. ve Tic. Ltd. Şti.",
        ],
        firm_pattern: "{family} {trade}",
    },
];
