"""Datasets in other formats → the record format that a model takes, with an account of every loss.

    reading       a file of any container → items (line, number, value or fault), in constant memory
    recognition   one record → the name of its format
    sources       one record → a Conversation; one module a family of formats
    fitting       a Conversation → one that the model takes: tools, media, reasoning, order of turns
    targets       a Conversation → a record in the target format
    losses        what was dropped, lost, changed or is left to do: counted, exemplified, written out
    engine        all of it over one file

Nothing is lost silently: whatever a step cannot carry over it tells the record's `Notes`.
"""
