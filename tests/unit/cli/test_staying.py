import gc

import pytest

from outlast.cli.staying import imports_that_stay


def test_what_is_imported_is_out_of_the_collectors_sight() -> None:
    before = gc.get_freeze_count()
    try:
        with imports_that_stay():
            assert not gc.isenabled()
            made = [[number] for number in range(1000)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= before + len(made)
    finally:
        gc.unfreeze()


def test_a_failed_import_leaves_the_collector_on() -> None:
    try:
        with pytest.raises(ImportError), imports_that_stay():
            raise ImportError
        assert gc.isenabled()
    finally:
        gc.unfreeze()
