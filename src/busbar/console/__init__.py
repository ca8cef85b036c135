"""The staff's screens: views translate, domain rooms decide. No models here."""
