# Long campaigns and everyday recipes; `.ci/run` is the gate.

# What CI runs.
ci:
    bash .ci/run

# The whole story, with real processes.
demo *ARGS:
    cargo run --release -- demo {{ARGS}}

# The full crash campaign: 500 killed writers and 500 power cuts.
crash:
    TECHO_KILLS=500 cargo test --release -p techo-tests --test crash --test kill -- --nocapture

# The full damage campaign over index and segments.
damage:
    TECHO_FAULTS=100 cargo test --release -p techo-tests --test damage -- --nocapture

# The My Number Card over PC/SC, from end to end with an emulated card. Root and TECHO_PCSC_TEST=1: it
# installs pcscd, vpcd and OpenSC. No genuine card is involved.
card:
    bash tests/card/run.sh

# Product against floor in one table; TECHO_BENCH=full for all of it (docs/performance.md).
bench:
    cargo bench -p techo-tests --bench path
    just bench-forecast

# A flame graph of one measure of the bench: target/flame.svg. Needs Linux' `perf` and `cargo install inferno`.
flame MEASURE="open":
    cargo bench -p techo-tests --bench path --no-run
    TECHO_BENCH_ONLY={{MEASURE}} TECHO_BENCH_RUNS=1 perf record -F 199 --call-graph dwarf -o target/flame.data -- cargo bench -p techo-tests --bench path
    perf script --no-inline -i target/flame.data | inferno-collapse-perf | inferno-flamegraph > target/flame.svg

# Wrong rules of the schedule, each of which some test has to notice; names choose some of them.
mutants *NAMES:
    tests/mutants/run {{NAMES}}

# Altered code of dates and of the schedule, which some test has to notice (docs/schedule.md): paths below
# vault/health/src, such as `just cargo-mutants schedule/walk.rs`. Needs `cargo install cargo-mutants`.
cargo-mutants *FILES="date.rs date/*.rs calendar.rs calendar/*.rs schedule/*.rs schedule/rules/*.rs":
    cargo mutants -p techo-health {{prepend("--file=vault/health/src/", FILES)}}

# Whole children through the schedule: how many a second, and how much memory (docs/performance.md).
bench-forecast:
    cargo build --release -p techo
    cargo bench -p techo-tests --bench forecast
