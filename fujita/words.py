"""Every sentence that a person reads, as functions of plain values: summaries, errors, remarks in the log.

Short, plain, present tense, blaming nobody, saying whose move it is. The page's own words are in web/page/words.js.
"""
