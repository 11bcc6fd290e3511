"""The IPAS connector: brings packages into WIPO's IPAS by SOAP, from inside the office, and carries its answers out."""
