"""Training data of `LSTMCharModel`: streams of documents, their windows, and contexts."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tsl.char_model import samples
from tsl.char_model.samples import Contexts, Documents


def ring(texts, n_streams=3, sequence_length=4, seed=0):
    return samples.Streams(
        [np.array(t, np.int32) for t in texts], n_streams, sequence_length, np.random.RandomState(seed)
    )


def by_stream(streams, sequences):
    """Starts and lengths (n_chunks, n_streams)."""
    return (part.reshape(streams.n_chunks, streams.n_streams) for part in sequences[1:3])


def chunks_of(sequences, rows):
    return [rows[start : start + length] for start, length in zip(sequences.starts, sequences.lengths)]


def test_streams_go_on_from_chunk_to_chunk():
    streams = ring([np.arange(310)])
    # 309 characters to read: 103 a stream, 26 chunks of 4 at most, and one more where the text begins anew
    assert (streams.n_streams, streams.n_chunks) == (3, 27)
    sequences, targets, _ = streams()
    starts, lengths = by_stream(streams, sequences)
    assert lengths.max() <= 4
    assert_array_equal(lengths.sum(axis=0), [103] * 3)
    assert_array_equal(starts[1:], (starts + lengths)[:-1])  # each chunk begins where the one before ended
    read = np.concatenate(chunks_of(sequences, sequences.rows))
    assert_array_equal(np.sort(read), np.arange(309))  # each character once
    assert_array_equal(np.concatenate(chunks_of(sequences, targets.rows)), read + 1)
    assert_array_equal(targets.starts, sequences.starts)


def test_each_epoch_begins_elsewhere():
    streams = ring([np.arange(310)])
    first, second = streams(), streams()
    assert first.sequences.starts[0] != second.sequences.starts[0]
    assert first.sequences.starts.shape == second.sequences.starts.shape
    assert_array_equal(ring([np.arange(310)])().sequences.starts, first.sequences.starts)


@pytest.mark.parametrize("n", [2, 3, 5, 9, 33, 100])
@pytest.mark.parametrize("sequence_length", [1, 4, 32])
def test_short_texts_make_fewer_streams(n, sequence_length):
    streams = ring([np.arange(n)], 16, sequence_length)
    sequences, _, _ = streams()
    assert sequences.lengths.min() >= 1
    assert sequences.lengths.max() <= sequence_length
    assert (sequences.starts + sequences.lengths).max() <= sequences.rows.size
    # what does not fill all streams is left out, less than one character each
    assert n - 1 - streams.n_streams < sequences.lengths.sum() <= n - 1
    assert streams.n_streams == 1 or streams.n_chunks >= samples.FEWEST_CHUNKS


@pytest.mark.parametrize(
    "sizes", [[310], [6, 4, 3, 10, 101, 2, 301, 8, 3, 3, 3], [2, 2, 2], [7] * 500, [2, 3000, 2, 2]]
)
def test_a_chunk_ends_where_its_text_does_and_the_next_starts_from_zero(sizes, monkeypatch):
    monkeypatch.setattr(samples, "FRESH", 0.0)
    texts = [np.arange(10_000 * k, 10_000 * k + size) for k, size in enumerate(sizes)]
    firsts = {text[0] for text in texts}
    streams = ring(texts, 16, 8)
    for _ in range(20):  # epochs, each from another place of the ring
        sequences, _, _ = streams()
        starts, lengths = by_stream(streams, sequences)
        assert lengths.min() >= 1
        assert lengths.max() <= 8
        assert_array_equal(starts[1:], (starts + lengths)[:-1])
        for chunk, fresh in zip(chunks_of(sequences, sequences.rows), sequences.reset):
            assert_array_equal(chunk, np.arange(chunk[0], chunk[0] + chunk.size))
            assert fresh == (chunk[0] in firsts)
            assert not firsts.intersection(chunk[1:])


def test_some_other_chunks_start_from_zero_too():
    fresh = np.concatenate([ring([np.arange(30_000)], seed=seed)().sequences.reset for seed in range(5)])
    # 37,500 chunks: a standard deviation of 0.0007
    assert fresh.mean() == pytest.approx(samples.FRESH, abs=0.004)


def test_streams_of_several_texts_predict_nothing_across_a_border():
    sequences, targets, _ = ring([[0, 1, 2], [10, 11], [20], [30, 31, 32]], 1)()
    read, following = (np.concatenate(chunks_of(sequences, rows)) for rows in (sequences.rows, targets.rows))
    assert set(zip(read, following)) == {(0, 1), (1, 2), (10, 11), (30, 31), (31, 32)}


def test_windows_stay_within_a_text():
    texts = [np.arange(5, dtype=np.int32), np.arange(10, 13, dtype=np.int32), np.arange(20, 24, dtype=np.int32)]
    sequences, targets, _ = Documents(texts, window=3).samples(lambda codes: codes)
    assert [list(chunk) for chunk in chunks_of(sequences, sequences.rows)] == [[0, 1, 2], [1, 2, 3], [20, 21, 22]]
    assert_array_equal(targets.rows[targets.starts], [3, 4, 23])


def test_contexts_have_the_lengths_that_they_have():
    contexts = Contexts([np.array([1, 2]), np.array([3]), np.array([4, 5, 6])], np.array([7, 8, 9]))
    assert contexts.window == 3
    sequences, targets, _ = contexts.samples(lambda codes: codes)
    assert [list(chunk) for chunk in chunks_of(sequences, sequences.rows)] == [[1, 2], [3], [4, 5, 6]]
    assert_array_equal(targets.rows[targets.starts], [7, 8, 9])


@pytest.mark.parametrize(
    ("share", "first", "last"),
    [(0.2, [[0, 1, 2], [3, 4, 5, 6, 7]], [[8, 9]]), (0.5, [[0, 1, 2], [3, 4]], [[5, 6, 7], [8, 9]])],
)
def test_the_end_is_split_off(share, first, last):
    texts = [np.array([0, 1, 2]), np.array([3, 4, 5, 6, 7]), np.array([8, 9])]
    parts = Documents(texts, window=0).split_end(share)
    assert tuple([list(codes) for codes in part.texts] for part in parts) == (first, last)


def test_the_last_contexts_are_split_off():
    contexts = Contexts([np.array([k]) for k in range(10)], np.arange(10))
    first, last = contexts.split_end(0.2)
    assert_array_equal(first.targets, np.arange(8))
    assert [codes[0] for codes in last.texts] == [8, 9]
    with pytest.raises(ValueError, match="validation_fraction=0.9 leaves 1 of 10 contexts"):
        contexts.split_end(0.9)
