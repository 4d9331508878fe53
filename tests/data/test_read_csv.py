"""CSV files: what is in them comes back exactly, and what had to be inferred is inferred as the notes say."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.data import Table, read_csv
from pellucid.data.csv_rows import MISSING
from pellucid.errors import FileError, InputError


@pytest.fixture
def write(tmp_path):
    def writer(text, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return writer


IRIS = "length,width,species\n5.1,3.5,setosa\n7.0,3.2,versicolor\n6.3,3.3,virginica\n4.9,3.0,setosa\n"


def test_a_table_says_what_is_in_it(write):
    table = read_csv(write(IRIS, "iris.csv"), target="species")
    assert isinstance(table, Table)
    assert table.X.dtype == np.float64
    assert table.X.flags.writeable
    assert table.X.tolist() == [[5.1, 3.5], [7.0, 3.2], [6.3, 3.3], [4.9, 3.0]]
    assert table.y.dtype == np.int64
    assert table.y.tolist() == [0, 1, 2, 0]
    assert table.labels == ("setosa", "versicolor", "virginica")
    assert (table.features, table.target, table.task) == (("length", "width"), "species", "classes")
    assert table.name == "iris"
    X, y = table
    assert X is table.X
    assert y is table.y
    assert "'iris': 4 rows x 2 features, target 'species': classes setosa, versicolor, virginica" in repr(table)
    with pytest.raises(AttributeError):
        table.name = "other"


def test_without_a_target_every_column_is_a_feature(write):
    table = read_csv(write("a,b\n1,2\n3,4\n"))
    assert table.X.tolist() == [[1, 2], [3, 4]]
    assert (table.y, table.target, table.labels, table.task) == (None, None, None, None)


@pytest.mark.parametrize("target", ["y", " y ", 1, -2, np.int64(1), "1", "-2"])
def test_the_target_by_name_or_position(write, target):
    table = read_csv(write("a,y,b\n1,10.5,2\n3,11.5,4\n5,12.5,6\n"), target)
    assert table.target == "y"
    assert table.y.tolist() == [10.5, 11.5, 12.5]
    assert table.features == ("a", "b")


def test_a_column_named_by_digits_goes_before_a_position(write):
    assert read_csv(write("5,0,a\n,,\n".replace(",,", "1,2,3.5")), "0", header=True).y.tolist() == [2.0]


@pytest.mark.parametrize(("target", "says"), [("sold", "no header"), (3, "3 columns"), ("-4", "3 columns"), (99, "99")])
def test_a_target_that_is_not_there(write, target, says):
    with pytest.raises(FileError, match=says):
        read_csv(write("1,2,3\n4,5,6\n"), target)


def test_a_near_name_is_suggested(write):
    with pytest.raises(FileError, match=r"'Speceis'.*There are: length, width, species\. Did you mean 'species'\?"):
        read_csv(write(IRIS), "Speceis")


# --- header --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("a,b\n1,2\n3,4\n", ("a", "b")),
        ("1,2\n3,4\n", ("x1", "x2")),
        ("2023,2024\n3,4\n", ("x1", "x2")),  # all numbers: nothing tells it from a row
        ("age,2024\n3,4\n", ("age", "2024")),  # text above a number
        ("a b,c_d\n3,4\n", ("a b", "c_d")),
    ],
)
def test_header_auto(write, text, features):
    assert read_csv(write(text)).features == features


def test_a_missing_value_is_no_name(write):
    with pytest.raises(FileError, match=r"line 1, column 'x1'.*missing"):
        read_csv(write("?,1\n3,4\n"))


def test_rows_with_text_labels_are_no_header(write):
    table = read_csv(write("5.1,3.5,setosa\n7.0,3.2,versicolor\n"), target=-1)
    assert table.features == ("x1", "x2")
    assert table.target == "y"
    assert len(table.X) == 2


def test_header_forced(write):
    assert read_csv(write("1,2\n3,4\n"), header=True).features == ("1", "2")
    with pytest.raises(FileError, match="line 1, column 'x1'"):
        read_csv(write("a,b\n3,4\n"), header=False)


def test_without_a_header_features_are_numbered_around_the_target(write):
    table = read_csv(write("1,2,3\n4,5,6\n"), target=1)
    assert table.features == ("x1", "x2")
    assert table.X.tolist() == [[1, 3], [4, 6]]


def test_a_single_row_without_header(write):
    assert read_csv(write("1,2\n")).X.tolist() == [[1, 2]]


def test_an_unnamed_first_column_is_remarked(write):
    path = write(",a,y\n0,5,1.5\n1,6,2.5\n")
    table = read_csv(path, "y")
    assert table.features == ("x1", "a")
    assert any("drop=0" in note for note in table.notes)
    assert read_csv(path, "y", drop=0).features == ("a",)
    assert not any("drop=0" in note for note in read_csv(path, "y", drop=0).notes)


# --- task and labels -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "task", "labels"),
    [
        (["yes", "no", "yes"], "classes", ("no", "yes")),
        (["1", "0", "1", "0"], "classes", ("0", "1")),
        (["1", "0", "1"], "classes", ("0", "1")),  # zeros and ones are classes even in a few rows
        (["3", "1", "2", "10"] * 3, "classes", ("1", "2", "3", "10")),  # numbers in numeric order
        (["3", "1", "2", "10"] * 2, "values", None),  # not fewer than half of the rows
        (["1.0", "2.0"] * 3, "classes", ("1", "2")),
        (["1.5", "2.0"] * 3, "values", None),
        ([str(k) for k in range(20)] * 3, "classes", tuple(map(str, range(20)))),
        ([str(k) for k in range(21)] * 3, "values", None),
        (["-1", "1"] * 3, "classes", ("-1", "1")),
        (["10", "9", "a"] * 3, "classes", ("10", "9", "a")),  # some text: text order
        (["01", "1", "1.0", "2"] * 3, "classes", ("1", "2")),
        (["9007199254740993", "9007199254740992"] * 3, "classes", ("9007199254740992", "9007199254740993")),
        (["7"] * 5, "classes", ("7",)),
    ],
)
def test_task_auto(write, column, task, labels):
    table = read_csv(write("x,y\n" + "".join(f"{row},{text}\n" for row, text in enumerate(column))), "y")
    assert (table.task, table.labels) == (task, labels)
    if task == "values":
        assert table.y.dtype == np.float64
        assert table.y.tolist() == [float(text) for text in column]
        assert any('task="classes"' in note for note in table.notes)
    else:
        assert table.y.dtype == np.int64
        assert [
            labels[k] == text or float(labels[k]) == float(text) for k, text in zip(table.y, column, strict=True)
        ] == [True] * len(column)
        assert any("classes" in note for note in table.notes)


def test_task_forced(write):
    path = write("x,y\n1,0\n2,1\n3,0.5\n")
    assert read_csv(path, "y", task="classes").labels == ("0", "0.5", "1")
    assert read_csv(path, "y", task="classes").y.tolist() == [0, 2, 1]
    path = write("x,y\n1,0\n2,1\n3,0\n4,1\n")
    assert read_csv(path, "y").task == "classes"
    assert read_csv(path, "y", task="values").y.tolist() == [0.0, 1.0, 0.0, 1.0]
    with pytest.raises(FileError, match=r"line 3.*'no'.*no finite number"):
        read_csv(write("x,y\n1,0\n2,no\n"), "y", task="values")


def test_one_slip_among_many_numbers_is_no_class(write):
    text = "x,y\n" + "".join(f"{k},{k}.5\n" for k in range(30)) + "30,30.5 kg\n"
    with pytest.raises(FileError, match=r"line 32, column 'y'.*'30.5 kg'.*task=\"classes\""):
        read_csv(write(text), "y")
    assert len(read_csv(write(text), "y", task="classes").labels) == 31


def test_a_label_for_every_row_is_remarked(write):
    text = "x,y\n" + "".join(f"{k},name {k}\n" for k in range(30))
    assert any("right column" in note for note in read_csv(write(text), "y").notes)


def test_known_labels_fix_the_indices(write):
    path = write("x,y\n1,b\n2,a\n")
    assert read_csv(path, "y", labels=("c", "b", "a")).y.tolist() == [1, 2]
    assert read_csv(path, "y", labels=("c", "b", "a")).labels == ("c", "b", "a")
    with pytest.raises(FileError, match=r"line 3, column 'y'.*'a' is none of the known labels.*There are: b, c\."):
        read_csv(path, "y", labels=("b", "c"))


def test_known_labels_that_are_numbers_are_compared_as_numbers(write):
    path = write("x,y\n1,1.0\n2,0\n3,01\n")
    assert read_csv(path, "y", labels=(0, 1)).y.tolist() == [1, 0, 1]
    assert read_csv(path, "y", labels=("1", "0")).y.tolist() == [0, 1, 0]
    with pytest.raises(FileError, match="none of the known labels"):
        read_csv(path, "y", labels=(0, 2))


# --- which columns -------------------------------------------------------------------------------------------------


def test_features_by_name_in_their_order(write):
    path = write("id,b,a,y\nA7,1,2,x\nA8,3,4,z\n")
    table = read_csv(path, "y", features=["a", "b"])
    assert table.X.tolist() == [[2, 1], [4, 3]]
    assert table.features == ("a", "b")
    assert read_csv(path, features=("b",)).X.tolist() == [[1], [3]]
    with pytest.raises(FileError, match=r"not there.*: c, d\. There are: id, b, a, y\."):
        read_csv(path, "y", features=["a", "c", "d"])
    with pytest.raises(FileError, match=r"not there.*: y"):
        read_csv(path, "y", features=["a", "y"])
    with pytest.raises(InputError, match="twice"):
        read_csv(path, "y", features=["a", "a"])


def test_features_without_a_header_say_that_positions_count(write):
    table = read_csv(write("1,2,3\n4,5,6\n"), features=("x1", "x2"))
    assert table.X.tolist() == [[1, 2], [4, 5]]
    assert any("position" in note and "1 other" in note for note in table.notes)


@pytest.mark.parametrize("drop", ["id", ["id"], 0, (-4,), "0"])
def test_drop(write, drop):
    table = read_csv(write("id,a,b,y\nA7,1,2,x\nA8,3,4,z\n"), "y", drop=drop)
    assert table.features == ("a", "b")
    assert table.X.tolist() == [[1, 2], [3, 4]]


def test_drop_what_cannot_be_dropped(write):
    path = write("id,a,y\n1,2,3\n")
    with pytest.raises(FileError, match=r"no column named 'idd' .*Did you mean 'id'"):
        read_csv(path, "y", drop="idd")
    with pytest.raises(InputError, match="drop names the target"):
        read_csv(path, "y", drop="y")
    with pytest.raises(FileError, match="no column left"):
        read_csv(path, "y", drop=("id", "a"))


# --- the form of the file ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(write, delimiter):
    path = write(IRIS.replace(",", delimiter))
    table = read_csv(path, "species")
    assert table.features == ("length", "width")
    assert any("separated" in note for note in table.notes) == (delimiter != ",")


def test_other_delimiters_are_given(write):
    assert read_csv(write("a|b\n1|2\n"), delimiter="|").X.tolist() == [[1, 2]]
    assert read_csv(write("1 2.5\n3 4.5\n"), delimiter=" ").X.tolist() == [[1, 2.5], [3, 4.5]]


def test_a_single_column_raises_the_question_of_the_delimiter(write):
    with pytest.raises(FileError, match=r"There are: a b c\..*delimiter="):
        read_csv(write("a b c\n1 2 3\n"), "c")


def test_delimiters_inside_other_fields_do_not_count(write):
    text = 'a,b,y\n1,2,"u;v;w"\n3,4,x;y;z\n5,6,x;y;z\n'
    assert read_csv(write(text), "y").labels == ("u;v;w", "x;y;z")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks(write, end, last, mark):
    text = IRIS.replace("\n", end)
    table = read_csv(write(mark + (text if last else text.removesuffix(end)).encode()), "species")
    assert table.features == ("length", "width")
    assert table.X.shape == (4, 2)
    assert table.labels == ("setosa", "versicolor", "virginica")
    with pytest.raises(FileError, match="line 3"):
        read_csv(write(mark + text.replace("7.0", "seven").encode()), "species")


def test_quotes_blanks_and_blank_lines(write):
    table = read_csv(write('"a", b ,"the ""y"""\n\n 1 , "2" , "x,\nz" \n3,4,ü\n\n'.replace('" ', '"')), -1)
    assert table.features == ("a", "b")
    assert table.target == 'the "y"'
    assert table.X.tolist() == [[1, 2], [3, 4]]
    assert table.labels == ("x,\nz", "ü")


def test_numbers_as_people_write_them(write):
    table = read_csv(write("a\n+1\n-2.5e-3\n.5\n5.\n1E5\n-0\n007\n4e-324\n"), header=True)
    assert table.X.ravel().tolist() == [1, -0.0025, 0.5, 5, 1e5, 0, 7, 5e-324]


def test_a_row_whose_sum_overflows_is_still_finite(write):
    assert read_csv(write("1.7e308,1.7e308\n")).X.tolist() == [[1.7e308, 1.7e308]]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"header": "yes"}, "header"),
        ({"task": "regression"}, "task"),
        ({"labels": ()}, "labels"),
        ({"labels": ("a", "a")}, "labels"),
        ({"labels": "ab"}, "labels"),
        ({"labels": ("a", "b"), "task": "values"}, "labels"),
        ({"delimiter": ""}, "delimiter"),
        ({"delimiter": ", "}, "delimiter"),
        ({"delimiter": '"'}, "delimiter"),
        ({"delimiter": 5}, "delimiter"),
        ({"max_bytes": 0}, "max_bytes"),
        ({"target": True}, "target"),
        ({"target": 1.0}, "target"),
        ({"drop": 1.0}, "drop"),
        ({"drop": None}, "drop"),
    ],
)
def test_arguments_that_are_none(write, settings, says):
    with pytest.raises(InputError, match=says):
        read_csv(write("1,2,3\n4,5,6\n"), **settings)


def test_files_that_are_none(tmp_path):
    with pytest.raises(FileError, match=r"missing\.csv: it cannot be read"):
        read_csv(tmp_path / "missing.csv")
    with pytest.raises(FileError, match="cannot be read"):
        read_csv(tmp_path)


# --- everything at once --------------------------------------------------------------------------------------------

finite = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8).filter(
    lambda text: text.strip() == text and text[:1] not in "\ufeff" and text not in MISSING
)


@settings(deadline=None, max_examples=120)
@given(data=st.data(), rows=st.integers(2, 12), columns=st.integers(1, 5))
def test_whatever_was_written_comes_back(tmp_path_factory, data, rows, columns):
    X = [[data.draw(finite) for _ in range(columns)] for _ in range(rows)]
    y = [data.draw(words) for _ in range(rows)]
    delimiter, end = data.draw(st.sampled_from(",;\t")), data.draw(st.sampled_from(["\n", "\r\n"]))
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow([f"f{k}" for k in range(columns)] + ["label"])
    writer.writerows([*map(repr, row), label] for row, label in zip(X, y, strict=True))
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    path.write_bytes(text.getvalue().encode())
    table = read_csv(path, "label", task="classes", delimiter=delimiter)
    assert table.X.tolist() == X
    if table.labels == tuple(sorted(set(y))):
        assert [table.labels[k] for k in table.y] == y
    else:  # all labels are numbers: the same number is the same label
        assert [float(table.labels[k]) for k in table.y] == [float(label) for label in y]


def read_or_refused(path, target):
    """The table, or None where the file was refused with its path."""
    try:
        return read_csv(path, target)
    except FileError as error:
        said = str(error)
    assert str(path) in said
    return None


@settings(deadline=None, max_examples=300)
@given(
    text=st.text(st.sampled_from('01.5-e,;\t\n\r" aNx\ufeff\0é'), max_size=60),
    target=st.sampled_from([None, 0, -1, "a"]),
)
def test_any_text_is_refused_or_read(tmp_path_factory, text, target):
    path = tmp_path_factory.mktemp("fuzz") / "t.csv"
    path.write_bytes(text.encode())
    table = read_or_refused(path, target)
    if table is not None:
        assert table.X.shape[1] == len(table.features) > 0
        assert len(table.X) > 0
        assert np.isfinite(table.X).all()
        assert target is None or len(table.y) == len(table.X)


@settings(deadline=None, max_examples=200)
@given(data=st.binary(max_size=60), flip=st.integers(0, 10_000))
def test_any_bytes_are_refused_or_read(tmp_path_factory, data, flip):
    path = tmp_path_factory.mktemp("fuzz") / "t.csv"
    good = bytearray(IRIS.encode())
    good[flip % len(good)] ^= 1 + flip % 255
    for contents in (data, bytes(good)):
        path.write_bytes(contents)
        table = read_or_refused(path, -1)
        assert table is None or np.isfinite(table.X).all()


def test_a_large_file_takes_little_more_than_its_numbers(tmp_path):
    import tracemalloc

    path = tmp_path / "large.csv"
    row = ",".join(["0.123456"] * 20)
    path.write_text(f"{row},a\n{row},b\n" * 5000)
    tracemalloc.start()
    try:
        table = read_csv(path, target=-1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert table.X.shape == (10_000, 20)
    assert peak < 2.5 * table.X.nbytes


def test_a_number_between_unusual_spaces_is_that_number(tmp_path):
    path = tmp_path / "spaces.csv"
    path.write_bytes(b"a,b,y\n\x1f1.5,2,0\n3,\x1c4\x1d,1\n")
    assert read_csv(path, "y").X.tolist() == [[1.5, 2.0], [3.0, 4.0]]


def test_a_whole_number_with_thousands_of_zeros_before_it(tmp_path):
    path = tmp_path / "zeros.csv"
    path.write_text("a,y\n" + "".join(f"{i},{'0' * 5000}{i % 2}\n" for i in range(6)), encoding="utf-8")
    assert read_csv(path, "y").labels == ("0", "1")
