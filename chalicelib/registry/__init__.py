"""6 hand over. What the registry needs of a filing is listed in one package; a consumer lays it out as a dossier."""
