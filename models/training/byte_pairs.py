"""A byte-level BPE tokenizer in CLIP's form, made from a few words, for models that have no real one."""

from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.normalizers import NFC, Lowercase, Replace, Sequence
from tokenizers.pre_tokenizers import ByteLevel, Split
from tokenizers.pre_tokenizers import Sequence as PreTokenizers
from tokenizers.processors import RobertaProcessing

START, END = "<|startoftext|>", "<|endoftext|>"
WORD_END = "</w>"
PIECES = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"

# Words that are one token each. Every other word becomes its letters, or pieces that these share with it.
FEW_WORDS = """a an the of in on at and with photo picture dog cat red blue car bird snow playing two people street""".split()
MANY_WORDS = (
    FEW_WORDS
    + """to for from by near under over behind beside is are was it its his her their this that some many one three four no not
    man woman child children boy girl person baby family friends group crowd player rider worker face hand eyes hair
    horse cow sheep elephant bear lion tiger fish duck animal animals kitten puppy flower flowers tree trees grass leaf forest
    mountain mountains river lake sea ocean beach sand sky cloud clouds rain sun sunset sunrise night day winter summer autumn spring
    city town village road bridge building house home church tower castle door window wall roof kitchen room table chair bed
    bus truck train bicycle bike motorcycle boat ship plane airplane airport station market shop park garden field farm
    food bread cake pizza fruit apple orange banana coffee tea cup plate bowl bottle glass dinner breakfast
    green yellow black white brown pink purple grey golden wooden old new young small little big large tall long bright dark
    running walking sitting standing sleeping eating drinking reading flying swimming jumping riding holding looking wearing smiling
    ball book phone computer camera clock lamp umbrella hat shirt dress shoes bag box sign map music guitar piano
    water fire ice stone wood paper metal light shadow colourful beautiful happy through around between front back top side close up down""".split()
)


def _pieces(word: str, ranks: dict[tuple[str, str], int]) -> list[str]:
    """What byte-pair merging makes of a word of ASCII letters."""
    pieces = [*word[:-1], word[-1] + WORD_END]
    while True:
        best = min(zip(pieces, pieces[1:]), key=lambda pair: ranks.get(pair, len(ranks)), default=None)
        if best not in ranks:
            return pieces
        merged: list[str] = []
        for piece in pieces:
            if merged and (merged[-1], piece) == best:
                merged[-1] += piece
            else:
                merged.append(piece)
        pieces = merged


def _merges(words: list[str]) -> list[tuple[str, str]]:
    """Merges that make one token of each word. A later merge never takes a word apart: earlier ones go first."""
    ranks: dict[tuple[str, str], int] = {}
    for word in words:
        while len(pieces := _pieces(word, ranks)) > 1:
            ranks[pieces[0], pieces[1]] = len(ranks)
    return list(ranks)


def make_tokenizer(words: list[str], start_id: int | None = None) -> Tokenizer:
    """CLIP's tokenizer for other merges.

    :param start_id: id of the start token, the end token is the next one; by default right behind the vocabulary.
    """
    merges = _merges(words)
    alphabet = sorted(ByteLevel.alphabet())
    names = [*alphabet, *(letter + WORD_END for letter in alphabet), *dict.fromkeys(a + b for a, b in merges)]
    start_id = len(names) if start_id is None else start_id
    if start_id < len(names):
        raise ValueError(f"Cannot make a tokenizer as its {len(names)} pieces do not fit below the start token: {start_id}")
    vocabulary = {name: id for id, name in enumerate(names)} | {START: start_id, END: start_id + 1}
    tokenizer = Tokenizer(BPE(vocabulary, merges, unk_token=END, end_of_word_suffix=WORD_END, continuing_subword_prefix=""))
    tokenizer.normalizer = Sequence([NFC(), Replace(Regex(r"\s+"), " "), Lowercase()])
    tokenizer.pre_tokenizer = PreTokenizers(
        [Split(Regex(PIECES), "removed", invert=True), ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = ByteLevelDecoder()
    tokenizer.post_processor = RobertaProcessing((END, start_id + 1), (START, start_id), trim_offsets=False, add_prefix_space=False)
    tokenizer.add_special_tokens([AddedToken(START, normalized=True, special=True), AddedToken(END, normalized=False, special=True)])
    return tokenizer


def write_tokenizer(tokenizer: Tokenizer, path: Path) -> None:
    tokenizer.save(str(path), pretty=False)
