//! The official items of the statutory checkups, as columns; meaning only, no rules.

/// One item of a checkup.
pub(crate) struct Item {
    /// The column.
    pub(crate) column: &'static str,
    /// How exports call it.
    pub(crate) japanese: &'static [&'static str],
    /// The checkups in whose form it stands.
    pub(crate) checkups: &'static [&'static str],
}

/// Returns the form of a checkup and its version, or `None` if its items are not known here.
pub(crate) fn form(checkup: &str) -> Option<&'static str> {
    match checkup {
        "18m" => Some("18m@mhlw-r5"),
        "3y" => Some("3y@mhlw-r5"),
        _ => None,
    }
}

const BOTH: &[&str] = &["18m", "3y"];
const EIGHTEEN: &[&str] = &["18m"];
const THREE: &[&str] = &["3y"];

const fn item(
    column: &'static str,
    japanese: &'static [&'static str],
    checkups: &'static [&'static str],
) -> Item {
    Item {
        column,
        japanese,
        checkups,
    }
}

/// Measures, the eleven items of 18 months, the thirteen of three years (施行規則2条), and what the
/// electronic forms add.
pub(crate) const ITEMS: &[Item] = &[
    item("weight_kg", &["体重", "体重kg"], BOTH),
    item("height_cm", &["身長", "身長cm"], BOTH),
    item("head_cm", &["頭囲", "頭囲cm"], BOTH),
    item("chest_cm", &["胸囲", "胸囲cm"], BOTH),
    item("growth", &["身体発育", "身体発育状況"], BOTH),
    item("nutrition", &["栄養", "栄養状態"], BOTH),
    item(
        "spine_thorax",
        &["脊柱・胸郭", "脊柱及び胸郭の疾病及び異常の有無"],
        BOTH,
    ),
    item("skin", &["皮膚", "皮膚の疾病の有無"], BOTH),
    item(
        "teeth_mouth",
        &["歯・口腔", "歯及び口腔の疾病及び異常の有無"],
        BOTH,
    ),
    item("limbs", &["四肢運動障害", "四肢運動障害の有無"], BOTH),
    item("mental", &["精神発達", "精神発達の状況"], BOTH),
    item("speech", &["言語障害", "言語障害の有無"], BOTH),
    item(
        "vaccinations",
        &["予防接種実施状況", "予防接種の実施状況"],
        BOTH,
    ),
    item("parenting", &["育児上の問題", "育児上問題となる事項"], BOTH),
    item("other", &["その他", "その他の疾病及び異常の有無"], BOTH),
    item("eyes", &["眼", "眼の疾病及び異常の有無"], THREE),
    item(
        "ent",
        &["耳鼻咽頭", "耳、鼻及び咽頭の疾病及び異常の有無"],
        THREE,
    ),
    item("urine_protein", &["尿蛋白"], THREE),
    item("urine_sugar", &["尿糖"], THREE),
    item("urine_blood", &["尿潜血"], THREE),
    item("breastfeeding", &["母乳"], EIGHTEEN),
    item("weaning", &["離乳"], EIGHTEEN),
    item("teeth_dirt", &["歯の汚れ"], BOTH),
    item("detailed_exam_date", &["精密検査日", "要精査日"], BOTH),
];
