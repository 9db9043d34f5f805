"""The front end for REANA's own specification file. Source: the reana.yaml reference of REANA 0.9 and its schema."""
