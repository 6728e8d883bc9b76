"""The methods of `LSTMCharModel` that write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tsl.char_model.generation_options import check_options
from tsl.char_model.text_model import text_model
from tsl.char_model.text_state import TextState
from tsl.char_model.text_stream import TextStream


class GenerationMixin:
    """`generate` and `stream` of a fitted model."""

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
        options = check_options(
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
        model = text_model(self)
        texts = model.write(prompt, options) if beam_width is None else model.search(prompt, options)
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
        options = check_options(
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
        return text_model(self).write(prompt, options)
