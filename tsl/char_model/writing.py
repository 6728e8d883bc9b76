"""How a trained `LSTMCharModel` writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from tsl.char_model.beams import Copyist, likeliest_codes
from tsl.char_model.predicting import TextPredictor
from tsl.char_model.states import TextState
from tsl.char_model.streaming import TextStream
from tsl.char_model.wishes import Wishes, check_wishes


class TextWriter(TextPredictor):
    """The part of `LSTMCharModel` that writes."""

    def generate(
        self,
        prompt: str = "",
        length: int = 200,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        beam_width: int | None = None,
        repetition_penalty: float = 1.0,
        stop: str | Sequence[str] | None = None,
        forbid: str | Sequence[str] | None = None,
        n_samples: int = 1,
        state: TextState | None = None,
        return_state: bool = False,
        random_state: Any = None,
    ) -> Any:
        """Write on after a prompt.

        Parameters
        ----------
        prompt : str, default=""
            What to go on from.
        length : int, default=200
            Characters to write.
        temperature : float, default=1.0
            At 1 characters come as often as the model expects them; below, the likely ones more often; at 0 always
            the likeliest one; above 1 the text grows wilder.
        top_k : int, default=None
            Draw only from so many likeliest characters.
        top_p : float, default=None
            Draw, of these, only from the fewest, likeliest ones that come with this probability together, above 0 and
            up to 1 (nucleus sampling; Holtzman et al. 2020).
        min_p : float, default=None
            Draw, of these, only from those that are at least so many times as likely as the likeliest, from 0 to 1.
        beam_width : int, default=None
            Look for the likeliest text as a whole instead, keeping so many of the likeliest beginnings at each step.
            Nothing is drawn then.
        repetition_penalty : float, default=1.0
            What the log-probabilities of the last 32 characters are multiplied by, which makes them less likely above
            1 (Keskar et al. 2019).
        stop : str or sequence of str, default=None
            The text ends where one of these would begin.
        forbid : str or sequence of str, default=None
            Characters that must not come.
        n_samples : int, default=1
            Texts to write, all from the same prompt and side by side, which takes less time than one by one.
        state : TextState, default=None
            Where an earlier call has got to: the prompt is read on from there. Of one text, or of `n_samples`.
        return_state : bool, default=False
            Whether to return that as well.
        random_state : int, RandomState instance or None, default=None
            An int gives the same text each time. None is new each time, and leaves NumPy's global state alone.

        Returns
        -------
        text : str or list of str
            The `length` new characters, without the prompt; fewer if `stop` came first. A list if `n_samples` is
            above 1, with `beam_width` the likeliest text first.
        state : TextState
            Only if `return_state`: where each text has got to, what was read of `stop` included.

        Raises
        ------
        TypeError
            If an argument is of the wrong type.
        ValueError
            If an argument is out of its range, if two of them contradict each other, if nothing may come, or if the
            prompt has unknown characters and `unknown` does not say what becomes of them.

        Examples
        --------
        >>> from tsl import LSTMCharModel
        >>> model = LSTMCharModel(hidden_size=16, max_iter=40, random_state=0).fit("tick tock " * 50)
        >>> "tick " + model.generate("tick ", length=14, temperature=0)
        'tick tock tick tock'
        >>> model.generate("tick ", temperature=0, stop=" t")
        'tock'
        >>> text, state = model.generate("tick ", length=2, temperature=0, return_state=True)
        >>> text, model.generate(length=7, temperature=0, state=state)
        ('to', 'ck tick')
        """
        wishes = check_wishes(
            length=length,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            min_p=min_p,
            beam_width=beam_width,
            repetition_penalty=repetition_penalty,
            stop=stop,
            forbid=forbid,
            n_samples=n_samples,
            state=state,
            random_state=random_state,
        )
        texts = self._stream(prompt, wishes) if beam_width is None else self._beams(prompt, wishes)
        written = texts.rest()
        text = written if n_samples > 1 else written[0]
        return (text, texts.state) if return_state else text

    def stream(
        self,
        prompt: str = "",
        length: int = 200,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        repetition_penalty: float = 1.0,
        stop: str | Sequence[str] | None = None,
        forbid: str | Sequence[str] | None = None,
        n_samples: int = 1,
        state: TextState | None = None,
        random_state: Any = None,
    ) -> TextStream:
        """Write on after a prompt, character by character.

        Parameters
        ----------
        prompt : str, default=""
            As in `generate`, and so is all that follows.
        length : int, default=200
            Characters to write.
        temperature : float, default=1.0
            How daring.
        top_k : int, default=None
            How many characters to draw from.
        top_p : float, default=None
            How probable these are together.
        min_p : float, default=None
            How likely each is, beside the likeliest.
        repetition_penalty : float, default=1.0
            How unwelcome the last 32 characters are.
        stop : str or sequence of str, default=None
            Where to end.
        forbid : str or sequence of str, default=None
            What must not come.
        n_samples : int, default=1
            Texts to write side by side.
        state : TextState, default=None
            Where to go on from.
        random_state : int, RandomState instance or None, default=None
            The same one gives the same text.

        Returns
        -------
        characters : TextStream
            An iterator over the characters of `generate`; of tuples with one character of each text, if `n_samples` is
            above 1, and "" where one has ended. Some hundred are chosen at a time, which takes a few thousandths of a
            second. Its attribute `state` is where the text has got to with the last character that was asked for.

        Raises
        ------
        TypeError, ValueError
            As in `generate`, and at once, not when the first character is asked for.

        Examples
        --------
        >>> from tsl import LSTMCharModel
        >>> model = LSTMCharModel(hidden_size=16, max_iter=40, random_state=0).fit("tick tock " * 50)
        >>> for character in model.stream("tick ", length=4, temperature=0):
        ...     print(character, end="|")
        t|o|c|k|
        """
        wishes = check_wishes(
            length=length,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            min_p=min_p,
            repetition_penalty=repetition_penalty,
            stop=stop,
            forbid=forbid,
            n_samples=n_samples,
            state=state,
            random_state=random_state,
        )
        return self._stream(prompt, wishes)

    # --- inside -----------------------------------------------------------------------------------------------

    def _stream(self, prompt: Any, wishes: Wishes) -> TextStream:
        check_is_fitted(self)
        begun = self._begun(prompt, wishes)
        state = begun.part([0] * wishes.n_samples) if begun.n == 1 else begun
        reader, choice = self._reader(), replace(wishes.choice, forbidden=self._barred(wishes))
        return TextStream(reader, reader.writer(state.n), self.classes_, state, choice, wishes)

    def _beams(self, prompt: Any, wishes: Wishes) -> TextStream:
        """The likeliest texts, which have no end but the last character: where to stop is looked for afterwards."""
        check_is_fitted(self)
        if self.vocabulary_.tokens == "byte":
            raise ValueError('beam_width looks for characters, and tokens="byte" has none')
        reader, state = self._reader(), self._begun(prompt, wishes)
        if state.n > 1:
            raise ValueError(f"with beam_width, state must be of one text, got that of {state.n}")
        assert wishes.beam_width is not None
        codes = likeliest_codes(reader, state, self._barred(wishes), wishes.length, wishes.beam_width)
        writer = Copyist(reader, codes[: wishes.n_samples])
        return TextStream(reader, writer, self.classes_, state.part([0] * writer.n), wishes.choice, wishes)

    def _barred(self, wishes: Wishes) -> NDArray[np.bool_]:
        """Codes that must not come: unwanted ones, and those never seen, as U+FFFD that stands for what is unknown."""
        barred = self.class_count_ == 0
        for character in wishes.forbid:
            codes = self.vocabulary_.encode(character.lower() if self.lowercase else character)
            if codes.size > 1:
                raise ValueError(f'forbid must be ASCII characters with tokens="byte", got {character!r}')
            barred[codes] = True
        if barred.all():
            raise ValueError(f"forbid must leave a character that may come, got {wishes.forbid!r}")
        return barred

    def _begun(self, prompt: Any, wishes: Wishes) -> TextState:
        """Where the prompt leads to, from the beginning of a text or from the state that was given."""
        reader, codes, state = self._reader(), self._encode_one(prompt, "prompt"), wishes.state
        if state is None:
            state = reader.begin(self._log_first().astype(self.network_.dtype))
        else:
            reader.check(state)
        return reader.read(state, np.tile(codes, (state.n, 1)))
