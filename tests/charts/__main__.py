"""`python -m tests.charts` writes the golden files anew: read the diff before you commit it."""

from tests.charts.helm import VALUE_SETS, rendered

for value_set in VALUE_SETS:
    value_set.golden.parent.mkdir(exist_ok=True)
    value_set.golden.write_text(rendered(value_set))
    print(value_set.golden.name)
