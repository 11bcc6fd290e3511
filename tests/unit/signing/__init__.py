"""The signing room without AWS, typst or PDFs: content, words, signs, signatures as bytes, test trust."""
