"""The methods of `LSTMCharModel` that generate text."""

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
        label: str | int | None = None,
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
        """Generate text that continues a prompt.

        Parameters
        ----------
        prompt : str, default=""
            Text to continue.
        length : int, default=200
            Number of characters to generate.
        label : str or int, default=None
            Label of the text, for a model that was fitted with labels. With `state`, None keeps the label of the state,
            and any other value replaces it.
        temperature : float, default=1.0
            Divisor of the log-probabilities: at 1 characters are drawn with the model's probabilities; below 1 likely
            ones are drawn more often, at 0 always the most likely one; above 1 they are drawn less often.
        top_k : int, default=None
            Draw only from this many of the most likely characters.
        top_p : float, default=None
            Of these, draw only from the smallest set of most likely characters whose probabilities sum to this value,
            above 0 and up to 1 (nucleus sampling; Holtzman et al. 2020).
        min_p : float, default=None
            Of these, draw only from characters with at least this share of the probability of the most likely one, from
            0 to 1.
        beam_width : int, default=None
            Search for the most likely text as a whole instead of drawing, keeping this many candidates at each step.
        repetition_penalty : float, default=1.0
            Factor of the log-probabilities of the last 32 characters; above 1 it makes them less likely (Keskar et
            al. 2019).
        stop : str or sequence of str, default=None
            Strings that end the text; it ends before the first of them.
        forbid : str or sequence of str, default=None
            Characters that must not occur.
        n_samples : int, default=1
            Number of texts to generate from the prompt; they are generated in parallel, which is faster than one by
            one.
        state : TextState, default=None
            State returned by an earlier call, from which the prompt continues. It holds one text, or `n_samples`.
        return_state : bool, default=False
            Whether to return the state as well.
        random_state : int, RandomState instance or None, default=None
            An int gives the same text each time; None does not. NumPy's global state is not used.

        Returns
        -------
        text : str or list of str
            The `length` new characters, without the prompt; fewer if `stop` occurs first. A list if `n_samples` is
            above 1, with `beam_width` the most likely text first.
        state : TextState
            Only if `return_state`: the state at the end of each text, after any characters of `stop` that were read.

        Raises
        ------
        TypeError
            If an argument has the wrong type.
        ValueError
            If an argument is out of range, if two arguments contradict each other, if no character is left to draw
            from, if the prompt has unknown characters and `unknown` is "error" or "grow", or if `label` is not one of
            the labels that the model was fitted with.

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
            label=label,
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
        label: str | int | None = None,
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
        """Generate text that continues a prompt, character by character.

        Parameters
        ----------
        prompt : str, default=""
            As in `generate`, like all other parameters.
        length : int, default=200
            Number of characters to generate.
        label : str or int, default=None
            Label of the text.
        temperature : float, default=1.0
            Divisor of the log-probabilities.
        top_k : int, default=None
            Number of characters to draw from.
        top_p : float, default=None
            Total probability of the characters to draw from.
        min_p : float, default=None
            Lowest probability, as a share of that of the most likely character.
        repetition_penalty : float, default=1.0
            Factor of the log-probabilities of the last 32 characters.
        stop : str or sequence of str, default=None
            Strings that end the text; it ends before the first of them.
        forbid : str or sequence of str, default=None
            Characters that must not occur.
        n_samples : int, default=1
            Number of texts to generate in parallel.
        state : TextState, default=None
            State returned by an earlier call.
        random_state : int, RandomState instance or None, default=None
            An int gives the same text each time.

        Returns
        -------
        characters : TextStream
            An iterator over the characters that `generate` would return; if `n_samples` is above 1, over tuples with
            one character of each text, "" for a text that has ended. Several hundred characters are generated at a
            time, which takes a few milliseconds. The attribute `state` is the state after the last character returned.

        Raises
        ------
        TypeError, ValueError
            As in `generate`; raised immediately, not when the first character is read.

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
            label=label,
        )
        return text_model(self).write(prompt, options)
