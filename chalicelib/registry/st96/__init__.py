"""WIPO ST.96 documents of a package: bibliographic data, application body, design application; written, read and checked."""
